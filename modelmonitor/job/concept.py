"""Diagnostics of the concept for the report."""

from __future__ import annotations

from modelmonitor.estimate.concept import Change, confidence_at_equal_inputs, disagreement
from modelmonitor.estimate.novelty import Novelty
from modelmonitor.report.concept import ChangeReport, ConceptReport
from modelmonitor.sample import Sample


def concept(reference: Sample, window: Sample, outside: Novelty | None, *, seed: int) -> ConceptReport:
    """Signs that the meaning of inputs changed; what cannot be computed is left out."""
    equal = None if outside is None else confidence_at_equal_inputs(reference, window, outside)
    return ConceptReport(
        disagreement=_report(disagreement(reference, window, seed=seed)), equal_inputs=_report(equal)
    )


def _report(change: Change | None) -> ChangeReport | None:
    if change is None:
        return None
    return ChangeReport(
        reference=change.reference,
        window=change.window,
        low=change.low,
        high=change.high,
        certain=change.certain,
        rows=change.rows,
    )
