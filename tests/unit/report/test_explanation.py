"""The line that goes into alerts, status and MLflow."""

from __future__ import annotations

import pytest

from modelmonitor.report.explanation import LIMIT, explanation
from modelmonitor.report.novel import PartQualityReport
from modelmonitor.report.texts import ExamplesReport, WordReport

TOLD = (
    "more of lol, today, شكرا; in channel=app (93.0% of the difference); new pattern: refund, "
    "<i>parcel</i> (3.2%); at least 42.0% of the inputs, accuracy there 60.0% by 940 labels, 85.0% elsewhere"
)


def test_drift_is_told_in_one_line_with_words_segment_pattern_size_and_harm(drifted):
    assert explanation(drifted, drifted.checks[0]) == TOLD


def test_a_check_without_drift_has_none(drifted, quiet):
    assert [explanation(drifted, drifted.checks[1]), explanation(quiet, quiet.checks[0])] == [None, None]


def test_many_long_words_are_cut(drifted):
    words = tuple(
        WordReport(word="w" * 40 + str(i), score=5.0, reference_rows=0, window_rows=9) for i in range(9)
    )
    report = drifted.model_copy(update={"examples": ExamplesReport(words=words)})
    told = explanation(report, report.checks[0])
    assert (len(told), told[-1]) == (LIMIT, "…")


def test_withheld_texts_leave_no_word(drifted):
    hidden = drifted.model_copy(update={"examples": ExamplesReport(withheld="hidden"), "novelty": None})
    told = explanation(hidden, hidden.checks[0])
    assert told == TOLD.split("; ")[1] + "; " + TOLD.split("; ")[3]


@pytest.mark.parametrize(
    ("confidence", "calibrated", "labelled", "low", "high", "harm"),
    [
        (0.8, 0.78, 0, None, None, "suspected"),
        (0.87, 0.85, 0, None, None, "not visible"),
        (0.8, None, 0, None, None, "suspected"),
        (0.8, 0.8, 900, 0.55, 0.65, "yes"),
        (0.8, 0.8, 900, 0.82, 0.9, "no"),
        (0.8, 0.8, 900, 0.7, 0.84, "suspected"),
    ],
)
def test_harm_is_proved_by_labels_and_else_only_suspected(
    drifted, confidence, calibrated, labelled, low, high, harm
):
    inside = PartQualityReport(
        rows=1000,
        confidence=confidence,
        calibrated=calibrated,
        labelled=labelled,
        accuracy=None if low is None else (low + high) / 2,
        low=low,
        high=high,
    )
    assert drifted.drifted_part.model_copy(update={"inside": inside}).harm == harm
