"""Signs that the meaning of inputs changed, next to the tests; suspected until labels agree."""

from __future__ import annotations

from modelmonitor.report.part import Part


class ChangeReport(Part):
    """A figure of reference and window, 0 to 1, with the 95 % interval of its change.

    Attributes:
        certain: whether chance alone does not explain the change.
        rows: that the reference's figure effectively rests on.
    """

    reference: float
    window: float
    low: float
    high: float
    certain: bool
    rows: float


class ConceptReport(Part):
    """Diagnostics that raise no alarm by themselves.

    Attributes:
        disagreement: share of rows on which a second, cheap model answers otherwise than the served one.
        equal_inputs: mean confidence, the reference weighted so that its inputs look like the window's.
    """

    disagreement: ChangeReport | None = None
    equal_inputs: ChangeReport | None = None
