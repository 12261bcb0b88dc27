"""What fills PostgreSQL in the tests of dashboards: the writers of the store."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from modelmonitor.store.alerts import Alert, open_alert, resolve_alert
from modelmonitor.store.feedback import Feedback, record_labels
from modelmonitor.store.log import LogSettings, PredictionLog
from modelmonitor.store.records import Prediction, new_prediction_id
from modelmonitor.store.results import DriftRow, save_results
from modelmonitor.store.rollups import roll_up
from tests.dashboards.filling import DEPLOYMENT, MONITOR, NAMESPACE


def fill_database(conn: Any, url: str) -> None:
    """One monitor's life of some days, by the writers of the store."""
    now = datetime.now(UTC)
    logged = _log(url, now=now)
    labels = [
        Feedback(each.prediction_id, "POSITIVE", labelled_at=now, source="tests") for each in logged[::2]
    ]
    record_labels(conn, labels)
    roll_up(conn, start=now - timedelta(days=1), end=now)
    save_results(conn, [_result(now, segment="", seq=1), _result(now, segment="channel=app", seq=2)])
    _episode(conn, now)
    for resolved in (False, True):
        alert = _alert(now, resolved=resolved)
        open_alert(conn, alert)
        if resolved:
            resolve_alert(conn, alert, ends_at=now)


def _log(url: str, *, now: datetime) -> list[Prediction]:
    predictions = [_prediction(now - timedelta(minutes=10 * number), number) for number in range(30)]
    with tempfile.TemporaryDirectory() as folder:
        log = PredictionLog(LogSettings(directory=Path(folder, "spool"), database_url=url))
        log.start()
        log.append(predictions)
        assert log.flush(timeout_s=30)
        log.close(timeout_s=10)
    return predictions


def _prediction(moment: datetime, number: int) -> Prediction:
    confidence = 0.5 + (number % 5) / 10
    return Prediction(
        prediction_id=new_prediction_id(),
        predicted_at=moment,
        deployment_id=DEPLOYMENT,
        model_name="sentiment",
        model_version="3",
        input_text=f"Film {number} was fine.",
        predicted_sentiment=("NEGATIVE", "POSITIVE")[number % 4 == 0],
        confidence_score=confidence,
        probabilities=(1 - confidence, confidence),
        embedding=None,
        latency_ms=12.0,
        source="predict",
        segment={"channel": "app"},
    )


def _result(now: datetime, *, segment: str, seq: int) -> DriftRow:
    return DriftRow(
        run_id=f"run-{seq}",
        monitor=MONITOR,
        deployment_id=DEPLOYMENT,
        check_name="data",
        drift_type="data",
        detector="mmd",
        backend="native",
        feature="embedding",
        statistic=0.2,
        p_value=0.001,
        effect_size=0.3,
        effect_name="mmd2",
        level=0.004,
        threshold=0.05,
        verdict="Drift",
        severity="critical",
        reason="The texts differ.",
        is_drift_detected=True,
        drift_score=0.9,
        n_reference=500,
        n_window=500,
        window_start=now - timedelta(days=1),
        window_end=now,
        model_name="sentiment",
        model_version="3",
        created_at=now - timedelta(minutes=10),
        segment=segment,
    )


def _episode(conn: Any, now: datetime) -> None:
    with conn, conn.cursor() as cursor:
        cursor.execute(
            "INSERT INTO drift_episodes"
            " (namespace, monitor, deployment_id, check_name, severity, started_at, last_run_id,"
            " peak_effect_size)"
            " VALUES (%s, %s, %s, 'data', 'critical', %s, 'run-1', 0.3)",
            (NAMESPACE, MONITOR, DEPLOYMENT, now - timedelta(hours=2)),
        )


def _alert(now: datetime, *, resolved: bool) -> Alert:
    labels = {"namespace": NAMESPACE, "modelmonitor": MONITOR, "alertname": "ModelDriftDetected"}
    return Alert(
        fingerprint=f"fingerprint-{resolved}",
        starts_at=now - timedelta(hours=1),
        alertname="ModelDriftDetected",
        severity="critical",
        labels=labels,
        annotations={"summary": "Drift of type data in sentiment/data"},
    )
