"""`python -m modelmonitor.job`: one drift run, as a CronJob starts it.

Standard output gets one JSON object with `runId`, `checks` (entries of `.status.checks`), `report` (where
it is) and `degraded` (what could not be done); standard error gets one JSON object a line.

Exit codes: 0 the run was made, whatever its verdict; 1 it failed; 2 settings, monitor or rights must be
corrected; 3 PostgreSQL or the API server does not answer.

A status that cannot be written ends with 2 or 3 although the results are in PostgreSQL and on standard
output, with the cause in `degraded`: a job that ended well with its verdict unseen would leave an old green
standing. Kubernetes then starts the pod again, up to `backoffLimit`. The second pod is a second run, with an
id, an end of its windows and rows of its own: to write a later judgement under the id of an earlier one would
let the status and PostgreSQL disagree. The first run stays in PostgreSQL as what was seen then. A monitor
that was deleted meanwhile wants no status: `degraded` says so, and the job ends with 0.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from enum import IntEnum

from modelmonitor.api.load import InvalidMonitor
from modelmonitor.detect.missing import DetectionError
from modelmonitor.job.cluster_status import ApiServer, ApiServerUnreachable, MonitorAddress, write_status
from modelmonitor.job.errors import JobError
from modelmonitor.job.logs import log_as_json
from modelmonitor.job.plan import plan_run
from modelmonitor.job.references.sources import Sources
from modelmonitor.job.run import Options, Run, new_run_id, run
from modelmonitor.job.settings import JobSettings, read_job_settings, read_monitor
from modelmonitor.report.answers import headline
from modelmonitor.store.errors import DatabaseUnreachable, StoreError

_LOG = logging.getLogger("modelmonitor.job")


class ExitCode(IntEnum):
    """What the shell gets back."""

    RAN = 0
    ERROR = 1
    BAD_INPUT = 2
    UNREACHABLE = 3


def main() -> int:
    """Run once; every known failure is one sentence in the log and an exit code."""
    log_as_json(sys.stderr)
    try:
        settings = read_job_settings()
        destination = settings.status_of
        finished = _run(settings)
    except DatabaseUnreachable as error:
        return _failed(error, ExitCode.UNREACHABLE)
    except (InvalidMonitor, DetectionError, JobError) as error:
        return _failed(error, ExitCode.BAD_INPUT)
    except StoreError as error:
        return _failed(error, ExitCode.ERROR)
    told, code = _tell_cluster(finished, destination)
    sys.stdout.write(f"{json.dumps(_output(finished, degraded=(*finished.published.degraded, *told)))}\n")
    return code


def _tell_cluster(
    finished: Run, destination: tuple[MonitorAddress, ApiServer] | None
) -> tuple[tuple[str, ...], ExitCode]:
    if destination is None:
        return (), ExitCode.RAN
    monitor, server = destination
    try:
        if write_status(finished.status, monitor=monitor, server=server):
            return (), ExitCode.RAN
    except ApiServerUnreachable as error:
        return (_kept(error),), ExitCode.UNREACHABLE
    except JobError as error:
        return (_kept(error),), ExitCode.BAD_INPUT
    return (f"The monitor {monitor} was deleted meanwhile: its status was not written.",), ExitCode.RAN


def _kept(error: Exception) -> str:
    return f"{error} The run is in PostgreSQL, but not in the status."


def _run(settings: JobSettings) -> Run:
    plan = plan_run(read_monitor(settings), only=settings.only, deployment_id=settings.deployment_id)
    options = Options(
        now=settings.moment(datetime.now(UTC)),
        mlflow_tracking_uri=settings.mlflow_tracking_uri,
        report_dir=settings.report_dir,
        seed=settings.seed,
        run_id=settings.run_id or new_run_id(),
        sources=Sources(
            predictor_url=settings.predictor_url,
            score_token=settings.score_token.get_secret_value(),
            mlflow_tracking_uri=settings.mlflow_tracking_uri,
        ),
    )
    return run(plan, database_url=settings.database_url.get_secret_value(), options=options)


def _output(finished: Run, *, degraded: tuple[str, ...]) -> dict[str, object]:
    _LOG.info("%s", headline(finished.report))
    for sentence in degraded:
        _LOG.warning(sentence)
    return {
        "runId": finished.report.run_id,
        "checks": [check.to_manifest() for check in finished.status],
        "report": finished.published.report_url,
        "degraded": list(degraded),
    }


def _failed(error: Exception, code: ExitCode) -> int:
    _LOG.error("%s", error)
    return code


if __name__ == "__main__":
    sys.exit(main())
