from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from psycopg2 import errors

from modelmonitor.store.episodes import EpisodeRow, load_episodes, lock_decisions, save_episode
from modelmonitor.store.feedback import Feedback, add_labels
from modelmonitor.store.retrain import TriggerRow, load_triggers, save_trigger
from modelmonitor.store.rollups import HourRow, list_hours, roll_up_missing
from modelmonitor.store.window_quality import tally_labels

START = datetime(2026, 11, 1, 2, 7, tzinfo=UTC)
DAY = timedelta(days=1)
EPISODE = EpisodeRow(
    namespace="ml",
    monitor="sentiment",
    deployment_id="sentiment",
    check_name="data",
    severity="warning",
    started_at=START,
    ended_at=None,
    last_run_id="run-1",
    runs=1,
    peak_effect_size=1.4,
    fingerprint={"space": "7", "embedding": "9f"},
    quiet_runs=0,
    counted_until=START,
    same_as=None,
    number=1,
    pages=1,
)
TRIGGER = TriggerRow(
    run_id="run-1",
    monitor="sentiment",
    deployment_id="sentiment",
    check_name="performance",
    trigger="low-confidence",
    fires=True,
    established=False,
    runs=1,
    message="40.0% have low confidence.",
    evidence={"share": 0.4},
    created_at=START,
    namespace="ml",
)
WHOSE = {"namespace": "ml", "monitor": "sentiment", "deployment_id": "sentiment"}


def save(conn, *rows):
    with conn, conn.cursor() as cursor:
        for row in rows:
            save_episode(cursor, row)


def load(conn, *, until=START + 99 * DAY):
    with conn, conn.cursor() as cursor:
        return load_episodes(cursor, **WHOSE, until=until)


def test_an_episode_is_read_as_it_was_written_and_changed_in_place(conn):
    save(conn, EPISODE)
    changed = replace(EPISODE, severity="critical", runs=2, pages=2, ended_at=START + DAY)
    save(conn, changed, replace(EPISODE, deployment_id="other"))
    assert load(conn) == (changed,)


def test_a_later_episode_is_not_known_before_it_began(conn):
    earlier = replace(EPISODE, ended_at=START + DAY)
    save(conn, earlier, replace(EPISODE, started_at=START + 5 * DAY, same_as=START, number=2))
    assert load(conn, until=START + 2 * DAY) == (earlier,)


def test_two_open_episodes_of_one_check_are_refused(conn):
    save(conn, EPISODE)
    with pytest.raises(errors.UniqueViolation):
        save(conn, replace(EPISODE, started_at=START + DAY))


def test_a_trigger_is_kept_once_a_run(conn):
    with conn, conn.cursor() as cursor:
        for message in ("first", "again"):
            save_trigger(cursor, replace(TRIGGER, message=message))
        found = load_triggers(cursor, **WHOSE, start=START, end=START + DAY)
        earlier = load_triggers(cursor, **WHOSE, start=START - DAY, end=START)
    assert (found, earlier) == ((replace(TRIGGER, message="first"),), ())


def test_the_jobs_role_can_do_all_that_a_run_does(conn):
    with conn, conn.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE modelmonitor_job")
        lock_decisions(cursor, **WHOSE)
        for severity in ("warning", "critical"):
            save_episode(cursor, replace(EPISODE, severity=severity))
        save_trigger(cursor, TRIGGER)
        cursor.execute("SELECT count(*) FROM drift_episodes, retrain_triggers, quality_by_window")
        cursor.execute("INSERT INTO quality_by_window SELECT * FROM quality_by_window")


def test_hours_that_no_roll_up_has_seen_are_counted_once_and_the_newest_again(
    conn, store_rows, make_prediction
):
    def log(hour, *, sentiment="POSITIVE", confidence=0.75):
        moment = START.replace(minute=0) + timedelta(hours=hour)
        store_rows(
            make_prediction(predicted_at=moment, predicted_sentiment=sentiment, confidence_score=confidence)
        )

    def hours():
        roll_up_missing(conn, deployment_id="sentiment", end=START + DAY, at_most=7 * DAY)
        return list_hours(conn, deployment_id="sentiment", start=START - DAY, end=START + DAY)

    log(1)
    log(2, confidence=0.5)
    first = HourRow(START.replace(hour=3, minute=0), 1, 0.75, 0, {"POSITIVE": 1}, 1)
    assert hours() == (first, HourRow(START.replace(hour=4, minute=0), 1, 0.5, 1, {"POSITIVE": 1}, 1))
    log(2, sentiment="NEGATIVE")
    assert hours() == (
        first,
        HourRow(START.replace(hour=4, minute=0), 2, 1.25, 1, {"POSITIVE": 1, "NEGATIVE": 1}, 2),
    )
    log(2, confidence=None)
    assert hours()[1] == HourRow(
        START.replace(hour=4, minute=0), 3, 1.25, 1, {"POSITIVE": 2, "NEGATIVE": 1}, 2
    )


def test_a_window_without_labels_has_an_empty_tally(conn):
    found = tally_labels(conn, deployment_id="sentiment", start=START, end=START + DAY, model_version=None)
    assert (found.counts, found.confidence_sum, found.median_delay_s) == ({}, 0.0, None)


def test_the_tally_of_labels_knows_no_confidence_where_a_model_told_the_class_alone(
    conn, store_rows, make_prediction
):
    rows = [make_prediction(predicted_at=START, confidence_score=score) for score in (0.75, None)]
    store_rows(*rows)

    def tally(*labelled):
        with conn, conn.cursor() as cursor:
            add_labels(cursor, [Feedback(row.prediction_id, "POSITIVE", START, "test") for row in labelled])
        question = {"deployment_id": "sentiment", "start": START, "end": START + DAY, "model_version": None}
        return tally_labels(conn, **question)

    assert tally(rows[0]).confidence_sum == 0.75
    assert (tally(*rows).counts, tally(*rows).confidence_sum) == ({("POSITIVE", "POSITIVE"): 2}, None)
