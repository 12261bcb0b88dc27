"""Where the result of a run goes: PostgreSQL in one transaction, then files and MLflow.

The decision comes first, because episodes depend on the runs before and only one transaction can see them
and add to them at once. Killed after it, a run has no file; the next run finds what was decided and decides
nothing twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from modelmonitor.job.conclude import conclude
from modelmonitor.job.errors import JobError
from modelmonitor.job.memory import episode_row, recall
from modelmonitor.job.patterns import pattern_rows
from modelmonitor.job.plan import RunPlan
from modelmonitor.job.results import result_rows, trigger_rows
from modelmonitor.job.tracking import TrackingUnreachable, log_run
from modelmonitor.report.html import render_html
from modelmonitor.report.model import RunReport
from modelmonitor.store.episodes import save_episode
from modelmonitor.store.patterns import save_pattern
from modelmonitor.store.results import insert_results, set_report_url
from modelmonitor.store.retrain import save_trigger
from modelmonitor.store.rollups import HourRow
from modelmonitor.store.runs import RunRow, save_run

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


def decide_and_save(
    conn: Connection,
    report: RunReport,
    *,
    plan: RunPlan,
    hours: Sequence[HourRow],
    report_url: str,
    record: RunRow,
) -> RunReport:
    """Place a run among the earlier ones and save all that follows, in one transaction, or nothing.

    Args:
        conn: commits once.
        report: of the run, without episodes.
        plan: of the run.
        hours: hourly sums of the last days.
        report_url: where the report will be, empty if not known yet.
        record: what the run rests on.

    Returns:
        The report with looks, episodes and reasons to train again.
    """
    with conn, conn.cursor() as cursor:
        memory = recall(cursor, plan, run_id=report.run_id, now=report.finished_at)
        found = conclude(report, plan=plan, memory=memory, hours=hours)
        save_run(cursor, record)
        insert_results(cursor, result_rows(found.report, report_url=report_url))
        for check, step in found.steps.items():
            if step.episode is not None and step.change != "none":
                save_episode(cursor, episode_row(step.episode, check=check, plan=plan))
        for row in trigger_rows(found, plan=plan):
            save_trigger(cursor, row)
        for pattern in pattern_rows(found.report, plan=plan):
            save_pattern(cursor, pattern)
    return found.report


def publish(
    conn: Connection, report: RunReport, *, mlflow_tracking_uri: str | None, report_dir: Path | None
) -> Published:
    """Write the saved run's report to its directory and to MLflow.

    Args:
        conn: gets the place of the report where only MLflow has it.
        report: what is published.
        mlflow_tracking_uri: None leaves MLflow out.
        report_dir: gets `<run id>.html` and `<run id>.json`; None writes no file.
    """
    html = render_html(report)
    path, unwritten = _written(report, html, report_dir)
    run_id, untracked = _tracked(report, html, mlflow_tracking_uri)
    url = str(path) if path else (f"runs:/{run_id}/report.html" if run_id else None)
    if url and not path:
        set_report_url(conn, run_id=report.run_id, report_url=url)
    return Published(report_url=url, html_path=path, mlflow_run_id=run_id, degraded=(*unwritten, *untracked))


def report_path(report_dir: Path, run_id: str) -> Path:
    """Where the HTML of a run goes."""
    return report_dir / f"{run_id}.html"


def require_writable(report_dir: Path) -> None:
    """Make the directory and try it, before anything is decided.

    Raises:
        UnwritableReport: the directory cannot be made or written.
    """
    probe = report_dir / ".modelmonitor-write-test"
    try:
        report_dir.mkdir(parents=True, exist_ok=True)
        probe.write_text("", encoding="utf-8")
        probe.unlink(missing_ok=True)
    except OSError as error:
        raise UnwritableReport(f"The report cannot be written to {report_dir}: {error.strerror}.") from None


def _written(report: RunReport, html: str, report_dir: Path | None) -> tuple[Path | None, tuple[str, ...]]:
    # The verdict is saved by now: a disk that filled meanwhile costs the file and nothing else.
    if report_dir is None:
        return None, ()
    try:
        return write_files(report, html, report_dir=report_dir), ()
    except UnwritableReport as error:
        return None, (f"{error} The run is in PostgreSQL, but has no file.",)


def write_files(report: RunReport, html: str, *, report_dir: Path) -> Path:
    """Write the HTML file and its JSON twin, each complete or not at all; returns the path of the HTML.

    Raises:
        UnwritableReport: the directory cannot be made or written.
    """
    path = report_path(report_dir, report.run_id)
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
