"""Which failure ends the command with which exit code; anything else is a defect and shows its traceback."""

from __future__ import annotations

from modelmonitor.api.problems import InvalidMonitor
from modelmonitor.cli.exit_codes import ExitCode
from modelmonitor.demo.data import CorpusUnreadable
from modelmonitor.demo.download import DownloadFailed
from modelmonitor.demo.encoder import EncoderUnreadable
from modelmonitor.demo.replay import ReplayFailed
from modelmonitor.detect.missing import DetectionError
from modelmonitor.job.errors import JobError
from modelmonitor.job.scoring import PredictorUnreachable
from modelmonitor.local.addresses import NotRunning
from modelmonitor.local.errors import LocalError
from modelmonitor.store.errors import DatabaseUnreachable, StoreError
from modelmonitor.store.runs import RunMissing, SeveralRuns

# The first class that fits decides, so the special ones stand before the general ones.
_CODES: tuple[tuple[type[Exception], ExitCode], ...] = (
    (InvalidMonitor, ExitCode.BAD_INPUT),
    (DatabaseUnreachable, ExitCode.UNREACHABLE),
    (PredictorUnreachable, ExitCode.UNREACHABLE),
    (ReplayFailed, ExitCode.UNREACHABLE),
    (NotRunning, ExitCode.UNREACHABLE),
    (DetectionError, ExitCode.BAD_INPUT),
    (JobError, ExitCode.BAD_INPUT),
    (RunMissing, ExitCode.NOT_FOUND),
    (SeveralRuns, ExitCode.BAD_INPUT),
    (StoreError, ExitCode.ERROR),
    (LocalError, ExitCode.ERROR),
    (DownloadFailed, ExitCode.ERROR),
    (CorpusUnreadable, ExitCode.ERROR),
    (EncoderUnreadable, ExitCode.ERROR),
)


def exit_code_of(error: Exception) -> ExitCode | None:
    """The exit code of a known failure, None for a defect."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), None)
