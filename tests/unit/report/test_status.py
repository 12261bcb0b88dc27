"""A report as entries of `.status.checks`."""

from __future__ import annotations

from modelmonitor.api.status import CheckStatus, Effect, EstimatedAccuracy
from modelmonitor.report.status import status_checks


def test_a_drifted_check_carries_the_numbers_of_the_test_that_decided(drifted):
    assert status_checks(drifted, report_url="/reports/8f2c1b.html")[2] == CheckStatus(
        name="performance",
        type="performance",
        verdict="Drift",
        severity="warning",
        message="The performance check ran.",
        last_run_time=drifted.finished_at,
        detector="ks",
        backend="native",
        p_value="0.0002",
        threshold="0.0028",
        effect=Effect(
            name="MMD relative to the spread of the reference, 0 to 1",
            value="0.14",
            warning="0.1",
            critical="0.2",
        ),
        rows=2000,
        reference_rows=2000,
        window_start=drifted.window.start,
        window_end=drifted.window.end,
        model_version="7",
        estimated_accuracy=EstimatedAccuracy(point="0.7", low="0.63", high="0.78"),
        report="/reports/8f2c1b.html",
    )


def test_an_inconclusive_check_gives_its_reason_in_one_word_and_in_a_sentence(inconclusive):
    entry = status_checks(inconclusive)[0]
    assert (entry.verdict, entry.reason, entry.message, entry.p_value, entry.severity) == (
        "Inconclusive",
        "TooFewRows",
        "The window has 3 rows of the 200 needed.",
        None,
        None,
    )
