"""The run in MLflow: parameters, metrics, tags and the report, in the experiment `modelmonitor/<monitor>`."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from modelmonitor.report.check import CheckReport, FindingReport
from modelmonitor.report.explanation import explanation
from modelmonitor.report.model import RunReport

if TYPE_CHECKING:
    from mlflow import MlflowClient

_CONNECT_TIMEOUT_S: Final = 3.0
# MLflow's own defaults retry for several minutes; a drift run must not hang on a place to show it.
# It also prints to standard output, which belongs to the job's JSON.
_BEHAVIOUR: Final = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
_PARAM_LIMIT: Final = 500
_EXPLAINING: Final = {"run_id", "examples", "novelty", "drifted_part"}
# MLflow takes few letters in the name of a metric, and a segment's value may hold any.
_KEY_LETTERS: Final = re.compile(r"[^A-Za-z0-9_.-]")


class TrackingUnreachable(Exception):
    """MLflow did not take the run; the verdict stands without it."""


def log_run(report: RunReport, *, html: str, tracking_uri: str) -> str:
    """Log the report as an MLflow run; returns the run's id.

    Args:
        report: what is logged; its JSON becomes the artifact report.json.
        html: becomes the artifact report.html.
        tracking_uri: of the MLflow server, or a file or sqlite store.

    Raises:
        TrackingUnreachable: MLflow is not installed, does not answer, or refuses the run.
    """
    with tracking(tracking_uri) as client:
        return _logged(client, report, html=html)


@contextmanager
def tracking(tracking_uri: str) -> Iterator[MlflowClient]:
    """A client of MLflow; whatever it raises is one error with one sentence.

    Args:
        tracking_uri: of the MLflow server, or a file or sqlite store.

    Raises:
        TrackingUnreachable: MLflow is not installed, does not answer, or refuses.
    """
    connect = client_class(tracking_uri)
    try:
        yield connect(tracking_uri=tracking_uri)
    except Exception as error:
        # MLflow passes on whatever its stores raise, and none of that may cost the verdict.
        raise TrackingUnreachable(
            f"MLflow at {place(tracking_uri)} did not take the run: {first_line(error)}"
        ) from error


def client_class(tracking_uri: str) -> type[MlflowClient]:
    """MLflow's client, after somebody answered at the address, so that it waits for nobody.

    Raises:
        TrackingUnreachable: MLflow is not installed, or nobody answers.
    """
    _require_answer(tracking_uri)
    for name, value in _BEHAVIOUR.items():
        os.environ.setdefault(name, value)
    try:
        from mlflow import MlflowClient
    except ImportError:
        raise TrackingUnreachable("MLflow is not installed: pip install 'modelmonitor[job]'.") from None
    return MlflowClient


def first_line(error: Exception) -> str:
    """What an exception of MLflow says, cut to a sentence's length; its name if it says nothing."""
    return str(error).splitlines()[0][:300] if str(error) else type(error).__name__


def experiment_name(monitor: str) -> str:
    """Name of the experiment that holds the runs of a monitor."""
    return f"modelmonitor/{monitor}"


def params(report: RunReport) -> dict[str, str]:
    """What was set for the run, as MLflow parameters."""
    fixed = {
        "deployment_id": report.deployment_id,
        "model_name": report.model_name,
        "model_version": report.model_version or "",
        "reference": f"{report.reference.name} v{report.reference.version}" if report.reference else "",
        "window_start": report.window.start.isoformat(),
        "window_end": report.window.end.isoformat(),
        "seed": str(report.evidence.seed),
        "false_alarms": f"{report.budget.max} per {report.budget.per}",
    }
    by_check = {f"{check.name}.detector": f"{check.detector} ({check.backend})" for check in report.checks}
    return {key: value[:_PARAM_LIMIT] for key, value in {**fixed, **by_check}.items()}


def metrics(report: RunReport) -> dict[str, float]:
    """What was measured, as MLflow metrics."""
    values: dict[str, float | None] = {"rows": report.window.rows, "rows_logged": report.window.rows_logged}
    for check in report.checks:
        values |= _check_metrics(check)
    if report.estimate:
        values |= {
            "estimated_accuracy": report.estimate.accuracy,
            "estimated_accuracy_low": report.estimate.low,
            "estimated_accuracy_high": report.estimate.high,
        }
    if report.labelled:
        values |= {
            "accuracy": report.labelled.accuracy,
            "accuracy_low": report.labelled.low,
            "accuracy_high": report.labelled.high,
            "f1": report.labelled.f1,
            "label_coverage": report.labelled.coverage,
            "label_delay_s": report.labelled.delay_s,
            "overconfidence": report.labelled.overconfidence,
            "calibration_error": report.labelled.calibration_error,
        }
    if report.drifted_part:
        values |= {"drifted_share": report.drifted_part.share, "drifted_share_low": report.drifted_part.low}
    if report.novelty:
        values |= {
            "strange_share": report.novelty.strange_share,
            "new_patterns": len(report.novelty.patterns),
            "new_patterns_established": sum(each.established for each in report.novelty.patterns),
        }
    if report.confidence:
        values["mean_confidence"] = report.confidence.window_mean
    return {key: float(value) for key, value in values.items() if value is not None}


def _check_metrics(check: CheckReport) -> dict[str, float | None]:
    drift = 1.0 if check.verdict.outcome == "Drift" else 0.0
    values: dict[str, float | None] = {
        f"{check.name}.drift": drift,
        f"{check.name}.level": check.level,
        f"{check.name}.version_share": check.window.version_share,
        f"{check.name}.episode_runs": float(check.episode.runs) if check.episode else 0.0,
    }
    for finding in check.findings:
        values |= _finding_metrics(f"{check.name}.{finding.detector}", finding)
    for segment in check.segments:
        prefix = f"{check.name}.{_KEY_LETTERS.sub('_', segment.name)}"
        values[f"{prefix}.share"] = segment.share
        values[f"{prefix}.accuracy"] = segment.labelled.accuracy if segment.labelled else None
        for finding in segment.findings:
            values |= _finding_metrics(f"{prefix}.{finding.detector}", finding)
    return values


def _finding_metrics(prefix: str, finding: FindingReport) -> dict[str, float | None]:
    return {
        f"{prefix}.p_value": finding.p_value,
        f"{prefix}.effect": finding.effect_size,
        f"{prefix}.minimum_detectable_effect": finding.minimum_detectable_effect,
    }


def _logged(client: MlflowClient, report: RunReport, *, html: str) -> str:
    from mlflow.entities import Metric, Param

    moment = int(report.finished_at.timestamp() * 1000)
    experiment = experiment_id(client, experiment_name(report.monitor))
    known = finished_run(client, experiment, run_id=report.run_id)
    if known:
        return known
    run = client.create_run(
        experiment,
        start_time=moment,
        run_name=f"drift {report.finished_at:%Y-%m-%d %H:%M}",
        tags={
            "modelmonitor.run_id": report.run_id,
            "modelmonitor.verdict": str(report.verdict.rank),
            "modelmonitor.monitor": report.monitor,
            "modelmonitor.model_version": report.model_version or "",
            "modelmonitor.retrain": ",".join(each.trigger for each in report.retrain if each.established),
            **_explanations(report),
        },
    )
    identity = str(run.info.run_id)
    client.log_batch(
        identity,
        metrics=[Metric(key, value, moment, 0) for key, value in metrics(report).items()],
        params=[Param(key, value) for key, value in params(report).items()],
    )
    client.log_text(identity, html, "report.html")
    client.log_text(identity, report.model_dump_json(indent=2), "report.json")
    told = report.model_dump_json(indent=2, include=_EXPLAINING)
    client.log_text(identity, told, "explanation.json")
    client.set_terminated(identity)
    return identity


def _explanations(report: RunReport) -> dict[str, str]:
    told = ((check.name, explanation(report, check)) for check in report.checks)
    return {f"modelmonitor.explanation.{name}": text for name, text in told if text}


def finished_run(client: MlflowClient, experiment: str, *, run_id: str) -> str | None:
    """The MLflow run of an id of ours, if it was finished."""
    # A run that was killed and made again under its id must not be there twice; half a one is made anew.
    found = client.search_runs(
        [experiment],
        f"tags.`modelmonitor.run_id` = '{run_id}' AND attributes.status = 'FINISHED'",
        max_results=1,
    )
    return str(found[0].info.run_id) if found else None


def experiment_id(client: MlflowClient, name: str) -> str:
    """The experiment of a name, made if there is none."""
    found = client.get_experiment_by_name(name)
    if found is None:
        return _created(client, name)
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    return str(found.experiment_id)


def _created(client: MlflowClient, name: str) -> str:
    from mlflow.exceptions import MlflowException

    try:
        return str(client.create_experiment(name))
    except MlflowException:
        # Another run made it between the look and the creation.
        found = client.get_experiment_by_name(name)
        if found is None:
            raise
        return str(found.experiment_id)


def _require_answer(tracking_uri: str) -> None:
    parts = urlsplit(tracking_uri)
    if parts.scheme not in {"http", "https"}:
        return
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname or "", port), timeout=_CONNECT_TIMEOUT_S).close()
    except OSError as error:
        raise TrackingUnreachable(
            f"MLflow at {place(tracking_uri)} does not answer ({error.strerror or error}): "
            "start it or correct its address."
        ) from None


def place(tracking_uri: str) -> str:
    """The address without user and password."""
    parts = urlsplit(tracking_uri)
    if parts.username is None and parts.password is None:
        return tracking_uri
    return parts._replace(
        netloc=f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
    ).geturl()
