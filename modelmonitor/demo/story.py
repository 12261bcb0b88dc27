"""The demo in steps, each a function of what came before; the command line tells the story around them."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.demo.champion import DemoData
from modelmonitor.demo.data import LabelledText
from modelmonitor.demo.replay import Answer, Replay, replay
from modelmonitor.job.run import Run
from modelmonitor.monitor import DriftMonitor, DriftMonitorConfig
from modelmonitor.store.connection import connect
from modelmonitor.store.feedback import Feedback, record_labels
from modelmonitor.store.windows import count_rows

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812 - psycopg2's class has a lower-case name

REFERENCE_DATASET = "movie-reviews"
CLEAR_SENTENCES = (
    LabelledText(id="guide-1", text="This is absolutely amazing! I love it!", rating=4.0, label="POSITIVE"),
    LabelledText(id="guide-2", text="This is terrible. Very disappointed.", rating=-4.0, label="NEGATIVE"),
)
_LOG_WAIT_S = 60.0
# A window is half-open and its last row may carry the very microsecond in which the replay ended.
_AFTER_LAST = timedelta(milliseconds=1)


class LogIncomplete(Exception):
    """Predictions were answered, but did not arrive in PostgreSQL in time."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """One replayed corpus and what monitoring said of it."""

    replay: Replay
    run: Run


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where the demo's processes are."""

    predictor_url: str
    database_url: str
    score_token: str
    mlflow_url: str
    report_dir: Path


def drift_monitor(monitor: ModelMonitor, data: DemoData, *, at: Surroundings) -> DriftMonitor:
    """The guide's Python API, set up for the demo: it knows the data set `movie-reviews`, alias `imdb`."""
    datasets: Mapping[str, Sequence[LabelledText]] = {REFERENCE_DATASET: data.reviews.reference}
    config = DriftMonitorConfig(
        database_url=SecretStr(at.database_url),
        predictor_url=at.predictor_url,
        score_token=SecretStr(at.score_token),
        mlflow_tracking_uri=at.mlflow_url,
        model_name=monitor.model_name,
        monitor=monitor,
        report_dir=at.report_dir,
    )
    return DriftMonitor(
        config, dataset_loader=lambda name: [(text.text, text.label) for text in datasets[name]]
    )


def play(
    name: str,
    texts: Sequence[LabelledText],
    *,
    monitor: DriftMonitor,
    deployment_id: str,
    at: Surroundings,
    progress: Callable[[int], None],
) -> Chapter:
    """Replay a corpus over HTTP, bring its labels back, and judge exactly that window.

    Raises:
        ReplayFailed: the predictor refused or did not answer.
        LogIncomplete: rows are missing in PostgreSQL a minute after the last answer.
    """
    replayed = replay(name, texts, predictor_url=at.predictor_url, progress=progress)
    end = replayed.end + _AFTER_LAST
    with closing(connect(at.database_url, application_name="modelmonitor-demo")) as connection:
        record_labels(connection, _labels(replayed, now=end))
        _wait_for_rows(connection, replayed, deployment_id=deployment_id, end=end)
    hours = (end - replayed.start) / timedelta(hours=1)
    return Chapter(replay=replayed, run=monitor.run(deployment_id, hours_lookback=hours, now=end))


def misread(answers: Sequence[Answer], *, min_confidence: float) -> tuple[str, ...]:
    """A sentence for each answer that is wrong or less sure than `min_confidence` (0 to 1)."""
    return tuple(
        f"{answer.label} was read as {answer.sentiment} with {answer.confidence:.0%} confidence"
        for answer in answers
        if answer.sentiment != answer.label or answer.confidence < min_confidence
    )


def _labels(replayed: Replay, *, now: datetime) -> list[Feedback]:
    return [
        Feedback(
            prediction_id=uuid.UUID(answer.prediction_id), label=answer.label, labelled_at=now, source="demo"
        )
        for answer in replayed.answers
    ]


def _wait_for_rows(connection: Connection, replayed: Replay, *, deployment_id: str, end: datetime) -> None:
    deadline = time.monotonic() + _LOG_WAIT_S
    while (rows := count_rows(connection, deployment_id=deployment_id, start=replayed.start, end=end)) < len(
        replayed.answers
    ):
        if time.monotonic() > deadline:
            msg = (
                f"only {rows} of {len(replayed.answers)} predictions are in PostgreSQL after "
                f"{_LOG_WAIT_S:.0f} s; none is lost, they wait in the spool: the predictor's log says why"
            )
            raise LogIncomplete(msg)
        connection.rollback()
        time.sleep(0.2)
