"""The regular report in MLflow: one run a report, of which the newest few are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from modelmonitor.job.tracking import experiment_id, finished_run, tracking

if TYPE_CHECKING:
    from mlflow import MlflowClient

PAGE: Final = "review.html"
_MOST_RUNS: Final = 1000


@dataclass(frozen=True, slots=True)
class Filing:
    """Where a report is filed.

    Attributes:
        monitor: namespace/name of the monitor.
        experiment: name of the MLflow experiment.
        keep: how many reports of the monitor are kept.
        at: when it was made, UTC; one report a day, also if the job is tried again.
    """

    monitor: str
    experiment: str
    keep: int
    at: datetime


def file_review(html: str, filing: Filing, *, tracking_uri: str) -> str:
    """Log the page as an MLflow run and delete the oldest ones; returns the run's id.

    Args:
        html: becomes the artifact review.html.
        filing: where it goes.
        tracking_uri: of the MLflow server, or a file or sqlite store.

    Raises:
        TrackingUnreachable: MLflow is not installed, does not answer, or refuses the run.
    """
    with tracking(tracking_uri) as client:
        experiment = experiment_id(client, filing.experiment)
        run = _filed(client, experiment, html, filing)
        _delete_old(client, experiment, filing)
    return run


def _filed(client: MlflowClient, experiment: str, html: str, filing: Filing) -> str:
    key = f"review/{filing.monitor}/{filing.at:%Y-%m-%d}"
    known = finished_run(client, experiment, run_id=key)
    if known:
        return known
    run = client.create_run(
        experiment,
        start_time=int(filing.at.timestamp() * 1000),
        run_name=f"review {filing.monitor} {filing.at:%Y-%m-%d}",
        tags={"modelmonitor.run_id": key, "modelmonitor.review_of": filing.monitor},
    )
    identity = str(run.info.run_id)
    client.log_text(identity, html, PAGE)
    client.set_terminated(identity)
    return identity


def _delete_old(client: MlflowClient, experiment: str, filing: Filing) -> None:
    found = client.search_runs(
        [experiment],
        f"tags.`modelmonitor.review_of` = '{filing.monitor}'",
        order_by=["attributes.start_time DESC"],
        max_results=_MOST_RUNS,
    )
    for old in found[filing.keep :]:
        client.delete_run(old.info.run_id)
