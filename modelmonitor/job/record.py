"""A run as a row of `drift_runs`: what it read, by bounds and digests, and what it computed of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from modelmonitor.api.retrain import BUSINESS_CHANGE
from modelmonitor.api.v1alpha1 import API_VERSION, KIND
from modelmonitor.job.evidence import digest_of_content, digest_of_ids, digest_of_rows
from modelmonitor.job.plan import PlannedCheck, RunPlan
from modelmonitor.job.window import Window
from modelmonitor.report.model import RunReport
from modelmonitor.store.references import Reference
from modelmonitor.store.runs import RunRow

# What follows from rows and plan alone: episodes and looks depend on earlier runs, labels on when they came.
_NUMBERS: Final = {"checks", "estimate", "confidence", "classes", "moments", "health"}
_OF_OTHER_TIMES: Final[Mapping[str, Any]] = {
    "checks": {
        "__all__": {
            "episode": True,
            "look": True,
            "paging_level": True,
            "segments": {"__all__": {"labelled"}},
        }
    }
}


def run_row(
    plan: RunPlan, draft: RunReport, *, reference: Reference | None, windows: Mapping[str, Window]
) -> RunRow:
    """The record of a run.

    Args:
        plan: of the run.
        draft: its report before it was placed among earlier runs.
        reference: as it was compared with.
        windows: as they were read.
    """
    return RunRow(
        run_id=draft.run_id,
        **plan.whose,
        finished_at=draft.finished_at,
        seed=draft.evidence.seed,
        document=_document(plan),
        checks=tuple(check.name for check in plan.checks),
        plan=draft.evidence.plan,
        reference=None if reference is None else _reference(reference),
        windows={check.name: _window(check, windows[check.name]) for check in plan.checks},
        packages=draft.evidence.packages,
        numbers=numbers_of(draft),
    )


def numbers_of(draft: RunReport) -> dict[str, Any]:
    """What was computed of the rows, as JSON types."""
    return draft.model_dump(mode="json", include=_NUMBERS, exclude=_OF_OTHER_TIMES)


def _document(plan: RunPlan) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": plan.monitor}
    if plan.namespace is not None:
        metadata["namespace"] = plan.namespace
    if plan.retrain.business_change:
        metadata["annotations"] = {BUSINESS_CHANGE: plan.retrain.business_change}
    return {"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "spec": plan.settings}


def _reference(reference: Reference) -> dict[str, Any]:
    return {
        "name": reference.name,
        "model_name": reference.model_name,
        "version": reference.version,
        "model_version": reference.model_version,
        "content": digest_of_rows(reference.sample),
    }


def _window(check: PlannedCheck, window: Window) -> dict[str, Any]:
    obstacle = window.obstacle
    return {
        "lookback_s": check.lookback.total_seconds(),
        "start": window.start.isoformat(),
        "end": window.end.isoformat(),
        "rows_logged": window.rows_logged,
        "other_versions": window.other_versions,
        "obstacle": None if obstacle is None else {"code": obstacle.code, "sentence": obstacle.sentence},
        "parts": [{"start": part.start.isoformat(), "rows": len(part.sample)} for part in window.parts],
        "ids": digest_of_ids(window),
        "content": digest_of_content(window),
    }
