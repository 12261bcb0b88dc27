"""One run from end to end: read from PostgreSQL, judge, publish."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from modelmonitor.api.status import CheckStatus
from modelmonitor.job.database import database
from modelmonitor.job.evidence import installed_packages
from modelmonitor.job.past_quality import record_quality
from modelmonitor.job.pipeline import Circumstances, run_checks
from modelmonitor.job.plan import RunPlan
from modelmonitor.job.publish import Published, decide_and_save, publish, report_path, require_writable
from modelmonitor.job.read import read
from modelmonitor.job.record import run_row
from modelmonitor.job.references.sources import Sources
from modelmonitor.report.model import RunReport
from modelmonitor.report.status import status_checks


def new_run_id() -> str:
    """A fresh key for the results of a run."""
    return uuid.uuid4().hex


@dataclass(frozen=True, slots=True)
class Options:
    """How to run, apart from what.

    Attributes:
        now: end of the windows, UTC; also the seed unless one is given.
        mlflow_tracking_uri: None leaves MLflow out.
        report_dir: gets the HTML and JSON files; None writes none.
        seed: of every random choice.
        run_id: unique; a second run with the same id decides and writes nothing again.
        packages: versions of the packages that compute, for the record.
        sources: what may be asked for a reference that is not stored yet; by default no predictor.
    """

    now: datetime
    mlflow_tracking_uri: str | None = None
    report_dir: Path | None = None
    seed: int | None = None
    run_id: str = field(default_factory=new_run_id)
    packages: Mapping[str, str] = field(default_factory=installed_packages)
    sources: Sources = field(default_factory=Sources)


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run: what it found, and what became of it."""

    report: RunReport
    published: Published

    @property
    def status(self) -> tuple[CheckStatus, ...]:
        """The entries for `.status.checks`."""
        return status_checks(self.report, report_url=self.published.report_url)


def run(plan: RunPlan, *, database_url: str, options: Options) -> Run:
    """Run the checks of a plan and publish what they found.

    Args:
        plan: what to run, from `plan_run`.
        database_url: of PostgreSQL with the current schema.
        options: time, seed, and where the report goes.

    Raises:
        DatabaseUnreachable: no connection to PostgreSQL, or it broke.
        DatabaseRefused: the schema is missing, or this user lacks rights.
        DetectionError: a detector's package is missing.
        UnwritableReport: the report directory cannot be written.
    """
    seed = int(options.now.timestamp()) if options.seed is None else options.seed
    path = None
    if options.report_dir is not None:
        require_writable(options.report_dir)
        path = report_path(options.report_dir, options.run_id)
    with database(database_url) as conn:
        found = read(conn, plan, sources=options.sources, now=options.now, seed=seed)
        draft = run_checks(
            plan,
            reference=found.reference,
            windows=found.windows,
            outdated=found.outdated,
            circumstances=Circumstances(options.run_id, options.now, seed, options.packages),
        )
        url = str(path) if path else ""
        record = run_row(plan, draft, reference=found.reference, windows=found.windows)
        report = decide_and_save(conn, draft, plan=plan, hours=found.hours, report_url=url, record=record)
        record_quality(conn, plan, windows=found.windows, report=report)
        published = publish(
            conn, report, mlflow_tracking_uri=options.mlflow_tracking_uri, report_dir=options.report_dir
        )
    return Run(report=report, published=published)
