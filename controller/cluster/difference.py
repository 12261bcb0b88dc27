"""Whether an object is as desired already, so that nothing needs to be sent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

from controller.manifest import Manifest

APPLIED_ANNOTATION: Final = "modelmonitor.io/applied"


def stamped(manifest: Manifest) -> dict[str, Any]:
    """The manifest with a digest of itself as an annotation."""
    text = json.dumps(manifest, sort_keys=True, ensure_ascii=False)
    digest = sha256(text.encode()).hexdigest()[:16]
    metadata = manifest["metadata"]
    annotations = {**metadata.get("annotations", {}), APPLIED_ANNOTATION: digest}
    return {**manifest, "metadata": {**metadata, "annotations": annotations}}


def digest_of(stamped_manifest: Manifest) -> str:
    """The digest that a stamped manifest carries."""
    return str(stamped_manifest["metadata"]["annotations"][APPLIED_ANNOTATION])


def is_current(desired: Manifest, actual: Manifest) -> bool:
    """Whether every desired field stands in the object, and none that we once set and no longer desire.

    Args:
        desired: a stamped manifest: the digest tells of fields that are no longer desired.
        actual: the object in the cluster, with fields of others and defaults in it.
    """
    return _holds(desired, actual)


def _holds(desired: Any, actual: Any) -> bool:  # noqa: ANN401 - any JSON value
    if isinstance(desired, Mapping):
        return isinstance(actual, Mapping) and all(
            _absent(value) if key not in actual else _holds(value, actual[key])
            for key, value in desired.items()
        )
    if isinstance(desired, Sequence) and not isinstance(desired, str):
        same_length = isinstance(actual, Sequence) and len(actual) == len(desired)
        return same_length and all(map(_holds, desired, actual))
    return bool(desired == actual)


def _absent(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    # The API server leaves out what is empty or false, as Go's omitempty does.
    return value is False or value in ({}, [], (), 0)
