"""Whether an object is as desired already, so that nothing needs to be sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from controller.manifest import Manifest, digest

APPLIED_ANNOTATION: Final = "modelmonitor.io/applied"
MERGED_BY: Final[Mapping[str, str]] = {
    "ownerReferences": "uid",
    "containers": "name",
    "env": "name",
    "volumes": "name",
    "volumeMounts": "mountPath",
    "imagePullSecrets": "name",
    "groups": "name",
}
"""Lists of our manifests into which others may put elements, and the field that tells elements apart.

The API server merges these (`listType=map`): what others add stays whatever we apply. All other lists are
ours as a whole, so that one element more is an edit.
"""


def stamped(manifest: Manifest) -> dict[str, Any]:
    """The manifest with a digest of itself as an annotation."""
    metadata = manifest["metadata"]
    annotations = {**metadata.get("annotations", {}), APPLIED_ANNOTATION: digest(manifest)}
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
            key in actual and _field_holds(key, value, actual[key]) for key, value in desired.items()
        )
    if isinstance(desired, Sequence) and not isinstance(desired, str):
        same_length = isinstance(actual, Sequence) and len(actual) == len(desired)
        return same_length and all(map(_holds, desired, actual))
    return bool(desired == actual)


def _field_holds(name: str, desired: Any, actual: Any) -> bool:  # noqa: ANN401 - any JSON value
    key = MERGED_BY.get(name)
    if key is None or not isinstance(desired, Sequence) or not isinstance(actual, Sequence):
        return _holds(desired, actual)
    there = {each.get(key): each for each in actual}
    return all(_holds(each, there.get(each[key])) for each in desired)
