"""References of the prediction log: fixed and rolling, without what drifted, refused where they drifted."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from modelmonitor.job.references.sources import Sources
from modelmonitor.job.run import Options, run
from modelmonitor.store.connection import connect
from modelmonitor.store.references import list_references, load_reference

WEEK = {"window": {"from": "2026-11-15T00:00:00Z", "to": "2026-11-22T00:00:00Z"}}
ROLLING = {"rolling": {"days": 7}}
NAME = {"window": "ml/sentiment:window", "rolling": "ml/sentiment:rolling"}


@pytest.fixture
def conn(database_url):
    with closing(connect(database_url, application_name="tests")) as connection:
        yield connection


@pytest.fixture
def check(database_url, world):
    """Runs the concept check against a reference of the log."""

    def check(reference, *, hours=0.0, only="concept", **sources):
        now = world.NOW + timedelta(hours=hours)
        options = Options(now=now, sources=Sources(datasets={}.__getitem__, **sources))
        plan = world.plan_with(reference, only=only)
        return run(plan, database_url=database_url, options=options).report

    return check


@pytest.fixture
def quiet_week(database_url, world):
    """A week of reviews that ends a day before the window of today's checks begins, and today's reviews."""
    world.log(
        database_url, world.draw(1200, seed=1, end=datetime(2026, 11, 21, 23, tzinfo=UTC), seconds=500_000)
    )
    world.log(database_url, world.draw(600, seed=2))


def open_episode(conn, *, start, end=None):
    with conn, conn.cursor() as cursor:
        cursor.execute(
            "INSERT INTO drift_episodes (namespace, monitor, deployment_id, check_name, severity, "
            "started_at, ended_at, last_run_id, peak_effect_size) "
            "VALUES ('ml', 'sentiment', 'sentiment', 'data', 'critical', %s, %s, 'r', 1)",
            (start, end),
        )


def stored(conn, kind):
    return load_reference(conn, name=NAME[kind], model_name="sentiment")


def test_a_fixed_stretch_of_the_log_is_copied_once_and_compared_with(conn, quiet_week, check):
    first, second = check(WEEK), check(WEEK, hours=0.1)
    assert [report.checks[0].verdict.outcome for report in (first, second)] == ["NoDrift", "NoDrift"]
    assert first.reference.rows == 1200
    assert first.reference.origin == "predictions of sentiment from 2026-11-15 00:00 to 2026-11-22 00:00 UTC"
    assert [(each.name, each.version, each.model_version) for each in list_references(conn)] == [
        ("ml/sentiment:window", 1, "7")
    ]
    assert stored(conn, "window").sample.classes == ("NEGATIVE", "POSITIVE")


def test_a_reference_of_the_log_outlives_the_log(conn, quiet_week, check):
    check(WEEK)
    with conn, conn.cursor() as cursor:
        cursor.execute("DELETE FROM prediction_logs WHERE predicted_at < '2026-11-22'")
    assert check(WEEK, hours=0.1).checks[0].verdict.outcome == "NoDrift"


def test_another_stretch_in_the_spec_is_another_version(conn, quiet_week, check):
    check(WEEK)
    shorter = {"window": {**WEEK["window"], "from": "2026-11-18T00:00:00Z"}}
    assert check(shorter).reference.version == 2


def test_drift_shows_against_a_stretch_of_the_log_as_against_a_data_set(
    database_url, quiet_week, check, world
):
    world.log(database_url, world.tweets(1200, seed=9))
    report = check(WEEK, only=None)
    assert [each.verdict.outcome for each in report.checks] == ["Drift"] * 3


def test_a_stretch_with_too_few_predictions_is_told(quiet_week, check):
    report = check({"window": {"from": "2026-11-01T00:00:00Z", "to": "2026-11-02T00:00:00Z"}})
    assert report.checks[0].verdict.code == "NoReference"
    assert "the log has 0 predictions of version 7, of 200 needed" in report.checks[0].sentence


def test_a_stretch_that_reaches_into_the_window_is_not_taken_yet(quiet_week, check):
    report = check({"window": {**WEEK["window"], "to": "2026-11-22T12:00:00Z"}})
    assert report.checks[0].verdict.code == "NoReference"
    assert "compared with themselves until 2026-11-23 12:00 UTC" in report.checks[0].sentence


def test_a_rolling_reference_ends_where_the_window_begins_and_moves_once_a_day(
    conn, database_url, quiet_week, check, world
):
    check(ROLLING)
    assert check(ROLLING, hours=0.1).reference.version == 1
    source = stored(conn, "rolling").source
    assert (source["from"], source["to"]) == ("2026-11-15T00:00:00+00:00", "2026-11-22T00:00:00+00:00")
    world.log(database_url, world.draw(600, seed=3, end=world.NOW + timedelta(days=1)))
    next_day = check(ROLLING, hours=24)
    assert next_day.reference.version == 2
    assert stored(conn, "rolling").source["to"] == "2026-11-23T00:00:00+00:00"


def test_a_rolling_reference_leaves_out_what_drifted(conn, database_url, quiet_week, check, world):
    friday = datetime(2026, 11, 20, 12, tzinfo=UTC)
    world.log(database_url, world.tweets(900, end=friday, seconds=7200))
    open_episode(conn, start=friday, end=friday + timedelta(hours=3))
    report = check(ROLLING)
    assert report.checks[0].verdict.outcome == "NoDrift"
    assert report.reference.origin.endswith("without 1 spell of drift")
    sample = stored(conn, "rolling").sample
    assert not any(set(text.split()) <= set(world.CHATTER) for text in sample.texts)
    assert 600 < report.reference.rows < 1200


def test_a_fixed_stretch_that_overlaps_drift_is_refused_unless_somebody_says_why(conn, quiet_week, check):
    open_episode(conn, start=datetime(2026, 11, 20, 12, tzinfo=UTC))
    report = check(WEEK)
    assert report.checks[0].verdict.code == "ReferenceContaminated"
    assert "it overlaps drift that was found from 2026-11-19 12:00" in report.checks[0].sentence
    assert list_references(conn) == ()
    forced = check({**WEEK, "force": "a load test, checked by Ada"})
    assert (forced.reference.rows, forced.reference.forced) == (1200, "a load test, checked by Ada")
    assert stored(conn, "window").source["forced"] == "a load test, checked by Ada"
    assert len(stored(conn, "window").source["signs_of_drift"]) == 1


def test_a_stretch_whose_halves_differ_is_refused(conn, database_url, check, world):
    end = datetime(2026, 11, 21, 23, tzinfo=UTC)
    world.log(database_url, world.draw(900, seed=1, end=end - timedelta(days=3), seconds=200_000))
    world.log(database_url, world.tweets(900, end=end, seconds=200_000))
    report = check(WEEK)
    assert report.checks[0].verdict.code == "ReferenceContaminated"
    assert "its two halves differ (mmd of the embedding" in report.checks[0].sentence
    assert list_references(conn) == ()


def test_a_rolling_reference_that_turns_strange_is_refused_and_the_last_good_one_stays(
    conn, database_url, quiet_week, check, world
):
    check(ROLLING)
    world.log(
        database_url, world.tweets(3000, seed=5, end=datetime(2026, 11, 26, tzinfo=UTC), seconds=300_000)
    )
    world.log(database_url, world.tweets(600, seed=6, end=world.NOW + timedelta(days=5)))
    report = check(ROLLING, hours=24 * 5)
    assert report.reference.version == 1
    assert "it differs from version 1" in report.reference.outdated
    assert report.checks[0].verdict.outcome == "Drift"
    assert len(list_references(conn)) == 1


def test_a_new_model_version_scores_the_texts_of_the_last_reference(
    conn, database_url, quiet_week, check, predictor, world
):
    check(WEEK)
    predictor.version = "8"
    world.log(database_url, world.draw(600, seed=4, seconds=3000), version="8")
    report = check(WEEK, predictor_url=predictor.url, score_token=predictor.token)
    assert report.reference.origin == "the texts of version 1 scored by sentiment 8"
    assert stored(conn, "window").source["scored_anew"] == 1
    assert check(WEEK, hours=0.1).reference.version == 2


def test_a_new_model_version_that_nobody_can_score_keeps_the_old_reference_and_says_so(
    database_url, quiet_week, check, world
):
    check(WEEK)
    world.log(database_url, world.draw(600, seed=4, seconds=3000), version="8")
    report = check(WEEK)
    assert report.reference.version == 1
    assert "0 predictions of version 8" in report.reference.outdated
    assert "set spec.target.scoring.url" in report.reference.outdated


def test_the_note_reaches_the_status(database_url, quiet_week, world):
    plan = world.plan_with({**WEEK, "force": "for the test"})
    with closing(connect(database_url, application_name="tests")) as conn:
        open_episode(conn, start=datetime(2026, 11, 20, 12, tzinfo=UTC))
    finished = run(plan, database_url=database_url, options=Options(now=world.NOW))
    assert [entry.reference_note for entry in finished.status] == ["It was forced: for the test."]
