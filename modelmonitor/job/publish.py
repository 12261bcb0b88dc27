"""Where the result of a run goes: files, MLflow, and `drift_results` in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from modelmonitor.job.errors import JobError
from modelmonitor.job.results import result_rows
from modelmonitor.job.tracking import TrackingUnreachable, log_run
from modelmonitor.report.html import render_html
from modelmonitor.report.model import RunReport
from modelmonitor.store.results import save_results

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812 - psycopg2's class has a lower-case name


class UnwritableReport(JobError):
    """The report cannot be written to its directory: correct it or its permissions."""


@dataclass(frozen=True, slots=True)
class Published:
    """What became of a report.

    Attributes:
        report_url: where people find it: a path, or `runs:/<id>/report.html` in MLflow; None if nowhere.
        html_path: the file, if a directory was given.
        mlflow_run_id: the run in MLflow, if it took it.
        degraded: what could not be done, each a sentence; the verdict stands all the same.
    """

    report_url: str | None
    html_path: Path | None
    mlflow_run_id: str | None
    degraded: tuple[str, ...]


def publish(
    conn: Connection, report: RunReport, *, mlflow_tracking_uri: str | None, report_dir: Path | None
) -> Published:
    """Write the report to its directory, to MLflow, and last its rows to PostgreSQL.

    Args:
        conn: commits once, all rows or none.
        report: what is published.
        mlflow_tracking_uri: None leaves MLflow out.
        report_dir: gets `<run id>.html` and `<run id>.json`; None writes no file.

    Raises:
        UnwritableReport: the directory cannot be written; nothing else was done then.
    """
    html = render_html(report)
    path = None if report_dir is None else write_files(report, html, report_dir=report_dir)
    run_id, degraded = _tracked(report, html, mlflow_tracking_uri)
    url = f"runs:/{run_id}/report.html" if run_id else None
    url = str(path) if path else url
    save_results(conn, result_rows(report, report_url=url or ""))
    return Published(report_url=url, html_path=path, mlflow_run_id=run_id, degraded=degraded)


def write_files(report: RunReport, html: str, *, report_dir: Path) -> Path:
    """Write the HTML file and its JSON twin, each complete or not at all; returns the path of the HTML.

    Raises:
        UnwritableReport: the directory cannot be made or written.
    """
    path = report_dir / f"{report.run_id}.html"
    try:
        report_dir.mkdir(parents=True, exist_ok=True)
        _replace(path.with_suffix(".json"), report.model_dump_json(indent=2))
        _replace(path, html)
    except OSError as error:
        raise UnwritableReport(f"The report cannot be written to {report_dir}: {error.strerror}.") from None
    return path


def _replace(path: Path, text: str) -> None:
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def _tracked(report: RunReport, html: str, tracking_uri: str | None) -> tuple[str | None, tuple[str, ...]]:
    if tracking_uri is None:
        return None, ()
    try:
        return log_run(report, html=html, tracking_uri=tracking_uri), ()
    except TrackingUnreachable as error:
        return None, (f"{error} The run is in PostgreSQL, but not in MLflow.",)
