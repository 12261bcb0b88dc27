"""Results, alerts and rollups: written once each, however often the writer runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from modelmonitor.store.alerts import Alert, open_alert, open_alerts, resolve_alert
from modelmonitor.store.records import Prediction
from modelmonitor.store.results import DriftRow, list_results, save_results
from modelmonitor.store.rollups import roll_up

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
ROW = DriftRow(
    run_id="run-1",
    monitor="sentiment",
    deployment_id="sentiment",
    check_name="data",
    drift_type="data",
    detector="mmd",
    backend="native",
    feature="embedding",
    statistic=0.05,
    p_value=0.001,
    effect_size=0.4,
    effect_name="MMD over within-sample distance",
    level=0.01,
    threshold=0.2,
    verdict="Drift",
    severity="critical",
    reason="The input looks different.",
    is_drift_detected=True,
    drift_score=0.999,
    n_reference=2000,
    n_window=1500,
    window_start=NOON - timedelta(hours=24),
    window_end=NOON,
    model_name="sentiment",
    model_version="3",
    created_at=NOON,
    evidence={"words": ["lol", "haha"]},
    report_url="mlflow:/runs/1",
)
ALERT = Alert("f1", NOON, "ModelDriftDetected", "critical", {"model": "sentiment"}, {"summary": "Drift."})


def results(conn) -> tuple[DriftRow, ...]:
    return list_results(conn, deployment_id="sentiment", since=NOON - timedelta(days=1), limit=10)


def test_results_come_back_as_they_were_saved_the_latest_run_first(conn) -> None:
    undecided = replace(
        ROW,
        run_id="run-2",
        statistic=None,
        p_value=None,
        effect_size=None,
        created_at=NOON + timedelta(hours=1),
    )
    assert save_results(conn, [ROW, undecided]) == 2
    assert results(conn) == (undecided, ROW)


def test_a_run_that_is_repeated_writes_nothing_new(conn) -> None:
    assert [save_results(conn, [ROW]), save_results(conn, [replace(ROW, statistic=9.0)])] == [1, 0]
    assert results(conn) == (ROW,)


def test_an_alert_is_one_row_from_firing_to_resolved(conn) -> None:
    open_alert(conn, ALERT)
    open_alert(conn, replace(ALERT, severity="warning"))
    assert open_alerts(conn) == (replace(ALERT, severity="warning"),)
    resolve_alert(conn, ALERT, ends_at=NOON + timedelta(hours=1))
    assert open_alerts(conn) == ()


def test_a_repeated_or_late_message_does_not_reopen_a_resolved_alert(conn) -> None:
    resolve_alert(conn, ALERT, ends_at=NOON + timedelta(hours=1))
    open_alert(conn, ALERT)
    assert open_alerts(conn) == ()


def test_an_alert_whose_end_was_never_told_is_over_when_it_fires_again(conn) -> None:
    again = replace(ALERT, starts_at=ALERT.starts_at + timedelta(minutes=5))
    open_alert(conn, ALERT)
    open_alert(conn, again)
    assert open_alerts(conn) == (again,)
    open_alert(conn, ALERT)
    assert open_alerts(conn) == (again,)
    resolve_alert(conn, again, ends_at=NOON + timedelta(hours=2))
    assert open_alerts(conn) == ()


def test_the_same_alert_firing_again_later_is_another_row(conn) -> None:
    resolve_alert(conn, ALERT, ends_at=NOON + timedelta(hours=1))
    again = replace(ALERT, starts_at=NOON + timedelta(hours=2))
    open_alert(conn, again)
    assert open_alerts(conn) == (again,)


def rollups(conn) -> list[tuple[object, ...]]:
    with conn, conn.cursor() as cursor:
        cursor.execute(
            "SELECT hour, predicted_sentiment, predictions, low_confidence, confidence_sum, "
            "confidence_histogram, latency_ms_sum, latency_ms_max "
            "FROM prediction_rollups ORDER BY hour, predicted_sentiment"
        )
        return cursor.fetchall()


def test_hours_are_rolled_up_whole_and_replaced_when_rows_come_late(
    conn, store_rows: Callable[..., None], make_prediction: Callable[..., Prediction]
) -> None:
    def row(minute: int, confidence: float) -> Prediction:
        return make_prediction(predicted_at=NOON + timedelta(minutes=minute), confidence_score=confidence)

    store_rows(row(0, 0.5), row(59, 1.0), row(60, 0.75))
    assert roll_up(conn, start=NOON + timedelta(minutes=30), end=NOON + timedelta(minutes=60)) == 1
    first_hour = (NOON, "POSITIVE", 2, 1, 1.5, [0, 0, 0, 0, 0, 1, 0, 0, 0, 1], 9.0, 4.5)
    assert rollups(conn) == [first_hour]
    store_rows(row(1, 0.25))
    assert roll_up(conn, start=NOON, end=NOON + timedelta(minutes=61)) == 2
    assert rollups(conn) == [
        (NOON, "POSITIVE", 3, 2, 1.75, [0, 0, 1, 0, 0, 1, 0, 0, 0, 1], 13.5, 4.5),
        (NOON + timedelta(hours=1), "POSITIVE", 1, 0, 0.75, [0, 0, 0, 0, 0, 0, 0, 1, 0, 0], 4.5, 4.5),
    ]


def test_rollups_outlive_the_rows_they_were_made_of(
    conn, store_rows: Callable[..., None], make_prediction: Callable[..., Prediction]
) -> None:
    store_rows(make_prediction(predicted_at=NOON))
    roll_up(conn, start=NOON, end=NOON + timedelta(hours=1))
    with conn, conn.cursor() as cursor:
        cursor.execute("DELETE FROM prediction_logs")
    assert roll_up(conn, start=NOON, end=NOON + timedelta(hours=1)) == 0
    assert len(rollups(conn)) == 1
