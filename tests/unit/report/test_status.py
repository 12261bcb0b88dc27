"""A report as entries of `.status.checks`."""

from __future__ import annotations

from datetime import timedelta

from modelmonitor.api.status import (
    CheckStatus,
    Effect,
    EpisodeStatus,
    EstimatedAccuracy,
    MeasuredAccuracy,
    RetrainTrigger,
)
from modelmonitor.report.explanation import explanation
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
        minimum_detectable_effect="0.05",
        version_share="1",
        look="scheduled",
        labelled=MeasuredAccuracy(
            rows=1800, coverage="0.374", accuracy="0.682", low="0.66", high="0.7", delay="36h"
        ),
        retrain=(
            RetrainTrigger(
                trigger="repeated-drift",
                established=True,
                runs=3,
                since=drifted.finished_at - timedelta(days=2),
                message="The same drift of check data came 2 times.",
            ),
        ),
        confidence="0.846",
        estimated_accuracy=EstimatedAccuracy(point="0.7", low="0.63", high="0.78"),
        explanation=explanation(drifted, drifted.checks[2]),
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


def test_an_open_episode_is_told_until_the_run_that_closes_it(drifted):
    entry = status_checks(drifted)[0]
    assert entry.episode == EpisodeStatus(
        started_at=drifted.finished_at - timedelta(days=2),
        severity="critical",
        fingerprint="e:9f3c",
        same_as=drifted.finished_at - timedelta(days=50),
        number=2,
        runs=3,
    )
    check = drifted.checks[0]
    closed = check.model_copy(update={"episode": check.episode.model_copy(update={"change": "closed"})})
    assert status_checks(drifted.model_copy(update={"checks": (closed,)}))[0].episode is None


def test_what_is_not_known_is_left_out_of_the_manifest(inconclusive):
    manifest = status_checks(inconclusive)[0].to_manifest()
    assert not {"episode", "retrain", "labelled", "minimumDetectableEffect"} & set(manifest)


def test_segments_that_drifted_come_first_and_at_most_ten_are_told(drifted):
    first = drifted.checks[0].segments
    many = tuple(first[1].model_copy(update={"name": f"shop={i}", "rows": 100 + i}) for i in range(14))
    report = drifted.model_copy(
        update={"checks": (drifted.checks[0].model_copy(update={"segments": (*many, first[0])}),)}
    )
    told = status_checks(report)[0].segments
    assert [each.name for each in told] == ["channel=app", *(f"shop={i}" for i in range(13, 4, -1))]
    assert (told[0].severity, told[0].share, told[0].accuracy) == ("critical", "0.93", "0.682")
