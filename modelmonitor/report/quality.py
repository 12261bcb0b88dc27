"""How good the model is, for the report: estimated without labels, measured with them."""

from __future__ import annotations

from modelmonitor.report.part import Part


class EstimateReport(Part):
    """Accuracy estimated without labels: a point and a range, 0 to 1.

    Attributes:
        confidence: how often such a range holds the true accuracy where the method's assumptions hold.
        methods: each method's own point estimate.
        novel_share: at least this share of the window is unlike the reference, 0 to 1; None if not known.
        reference_accuracy: accuracy on the labelled reference, 0 to 1.
    """

    accuracy: float
    low: float
    high: float
    confidence: float
    methods: dict[str, float]
    rows: int
    novel_share: float | None
    reference_accuracy: float


class ReliabilityReport(Part):
    """Labelled rows of similar confidence; shares from 0 to 1.

    Attributes:
        confidence: mean.
        low: lower end of the accuracy's interval, which holds for all bins together.
        high: its upper end.
    """

    rows: int
    confidence: float
    accuracy: float
    low: float
    high: float


class LabelledReport(Part):
    """Quality on the rows of the window whose true label is known; all values 0 to 1.

    Attributes:
        low: lower end of the accuracy's interval, valid however often it is looked at while labels arrive.
        high: its upper end.
        confidence: of that interval.
        coverage: share of the window's predictions that are labelled.
        delay_s: median time from a prediction to its label, seconds.
        overconfidence: mean confidence minus accuracy, -1 to 1, with its interval.
        calibration_error: mean distance of confidence and accuracy over ten bins, with its interval.
        reliability: the bins.
    """

    accuracy: float
    low: float
    high: float
    confidence: float
    f1: float
    precision: float
    recall: float
    rows: int
    f1_low: float | None = None
    f1_high: float | None = None
    coverage: float | None = None
    delay_s: float | None = None
    overconfidence: float | None = None
    overconfidence_low: float | None = None
    overconfidence_high: float | None = None
    calibration_error: float | None = None
    calibration_error_low: float | None = None
    calibration_error_high: float | None = None
    reliability: tuple[ReliabilityReport, ...] = ()
