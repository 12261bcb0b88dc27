"""What a run rests on, as digests and versions, so that a repetition can be proved to be one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Final

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
    return EvidenceReport(
        seed=seed,
        reference_rows=None if reference is None else digest_of_rows(reference),
        window_rows={
            name: digest_of_rows(window.sample) if window.bulk is None else window.bulk.digest
            for name, window in windows.items()
            if window.sample is not None
        },
        plan=digest_of_plan(plan),
        packages=dict(packages),
    )


def digest_of_rows(sample: Sample) -> str:
    """SHA-256 over ids and class probabilities, whatever the order of the rows."""
    rows = sorted(
        identity.encode() + probabilities.tobytes()
        for identity, probabilities in zip(sample.prediction_ids, sample.probabilities, strict=True)
    )
    return hashlib.sha256(b"\n".join(rows)).hexdigest()


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
