"""What a run rests on, as digests and versions, so that a repetition can be proved to be one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Final

import numpy as np

from modelmonitor.job.plan import RunPlan
from modelmonitor.job.window import Window
from modelmonitor.report.model import EvidenceReport
from modelmonitor.sample import Sample

PACKAGES: Final = ("modelmonitor", "numpy", "scipy", "scikit-learn", "alibi-detect", "torch")


def gather(
    plan: RunPlan,
    *,
    reference: Sample | None,
    windows: Mapping[str, Window],
    seed: int,
    packages: Mapping[str, str],
) -> EvidenceReport:
    """Digests of plan, reference and windows, with seed and package versions."""
    read = {name: window for name, window in windows.items() if window.sample is not None}
    return EvidenceReport(
        seed=seed,
        reference_rows=None if reference is None else digest_of_rows(reference),
        window_rows={name: digest_of_ids(window) for name, window in read.items()},
        window_content={name: digest_of_content(window) for name, window in read.items()},
        plan=digest_of_plan(plan),
        packages=dict(packages),
    )


def digest_of_ids(window: Window) -> str:
    """SHA-256 over the ids of the rows of every part of a window, whatever their order."""
    parts = ("\n".join(sorted(part.sample.prediction_ids)) for part in window.parts)
    return hashlib.sha256("\n\n".join(parts).encode()).hexdigest()


def digest_of_content(window: Window) -> str:
    """SHA-256 over all that is compared of the rows of every part of a window, whatever their order."""
    parts = (
        f"{digest_of_rows(each.sample)} {each.bulk.digest if each.bulk else ''}" for each in window.parts
    )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def digest_of_rows(sample: Sample) -> str:
    """SHA-256 over ids, times, texts, probabilities, embeddings and segments, whatever the rows' order."""
    return hashlib.sha256(b"".join(sorted(_digests(sample)))).hexdigest()


def _digests(sample: Sample) -> Iterator[bytes]:
    times = sample.predicted_at.astype("datetime64[us]").astype(np.int64)
    for row, (identity, text) in enumerate(zip(sample.prediction_ids, sample.texts, strict=True)):
        digest = hashlib.sha256(identity.encode())
        digest.update(times[row].tobytes())
        digest.update(b"" if text is None else b"=" + text.encode("utf-8", "surrogatepass"))
        digest.update(sample.probabilities[row].tobytes())
        digest.update(b"" if sample.embeddings is None else sample.embeddings[row].tobytes())
        digest.update(
            json.dumps(dict(sample.segments[row]), sort_keys=True).encode() if sample.segments else b""
        )
        yield digest.digest()


def digest_of_plan(plan: RunPlan) -> str:
    """SHA-256 over the spec, the deployment, and the checks and levels that follow from them."""
    levels = {check.name: [test.level for test in check.tests] for check in plan.checks}
    facts = {"deployment": plan.deployment_id, "levels": levels, "spec": plan.settings}
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def installed_packages() -> dict[str, str]:
    """Versions of the packages that compute the numbers, of those that are installed."""
    found: dict[str, str] = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
