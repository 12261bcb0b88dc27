"""`python -m modelmonitor.cli.regular_report`: the review of the week, as the report of `spec.report`.

It goes to MLflow, into the experiment that the spec names, which keeps the newest few, and as a page into
MM_JOB_REPORT_DIR where that is set. What it says is printed too. Settings as those of `modelmonitor.job`.

Exit codes: 0 done; 2 settings or monitor must be corrected; 3 PostgreSQL or MLflow does not answer.
"""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime

from modelmonitor.api.load import InvalidMonitor
from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.cli.errors import SourceDown
from modelmonitor.cli.places import Places
from modelmonitor.cli.review import read_review
from modelmonitor.cli.review_page import review_page
from modelmonitor.cli.review_text import show_review
from modelmonitor.cli.subjects import Subject
from modelmonitor.job.errors import JobError
from modelmonitor.job.logs import log_as_json
from modelmonitor.job.publish import require_writable
from modelmonitor.job.review_run import Filing, file_review
from modelmonitor.job.settings import JobSettings, read_job_settings, read_monitor
from modelmonitor.job.tracking import TrackingUnreachable
from modelmonitor.report.review_page import render_review

_LOG = logging.getLogger("modelmonitor.cli.regular_report")
_PATIENCE_S = 30.0


def main() -> int:
    """Make the report once; every known failure is one sentence in the log and an exit code."""
    log_as_json(sys.stderr)
    try:
        settings = read_job_settings()
        monitor = read_monitor(settings)
        if settings.report_dir is not None:
            require_writable(settings.report_dir)
        _report(monitor, settings, now=settings.moment(datetime.now(UTC)))
    except (SourceDown, TrackingUnreachable) as error:
        return _failed(error, 3)
    except (InvalidMonitor, JobError) as error:
        return _failed(error, 2)
    return 0


def _report(monitor: ModelMonitor, settings: JobSettings, *, now: datetime) -> None:
    subject = Subject(
        monitor.metadata.name,
        settings.deployment_id or monitor.model_name,
        namespace=monitor.namespace,
        monitor=monitor,
    )
    review = read_review(subject, _places(settings), now=now)
    show_review(review, subject.thresholds)
    page = render_review(review_page(review, subject.thresholds))
    if settings.report_dir is not None:
        path = settings.report_dir / f"review-{monitor.metadata.name}-{now:%Y-%m-%d}.html"
        path.write_text(page, encoding="utf-8")
    if settings.mlflow_tracking_uri:
        file_review(page, _filing(monitor, now), tracking_uri=settings.mlflow_tracking_uri)
    elif settings.report_dir is None:
        _LOG.warning("No MLflow and no directory is set: the report is in this log only.")


def _filing(monitor: ModelMonitor, now: datetime) -> Filing:
    wanted = monitor.spec.report
    name = f"{monitor.namespace}/{monitor.metadata.name}"
    return Filing(name, wanted.experiment, wanted.keep, now)


def _places(settings: JobSettings) -> Places:
    uri = settings.mlflow_tracking_uri or ""
    return Places(
        "url",
        database_url=settings.database_url.get_secret_value(),
        mlflow_url=uri.rstrip("/") if uri.startswith(("http://", "https://")) else "",
        timeout_s=_PATIENCE_S,
    )


def _failed(error: Exception, code: int) -> int:
    _LOG.error("%s", error)
    return code


if __name__ == "__main__":
    sys.exit(main())
