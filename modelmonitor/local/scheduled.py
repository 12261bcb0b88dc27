"""Run one check as a cluster's CronJob does: the drift job in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from modelmonitor.local.addresses import Addresses
from modelmonitor.local.process import die_with_parent, log_tail

_TIMEOUT_S = 1800
_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """What a run of one check said.

    Attributes:
        exit_code: of the job: 0 ran, 1 failed, 2 something to correct, 3 something does not answer.
        sentences: the verdict of each check in plain words, or why the run failed.
        report: path of the HTML report, None if the run failed.
        output: what the job wrote, as JSON types; empty if the run failed.
    """

    check: str
    exit_code: int
    sentences: tuple[str, ...]
    report: str | None
    output: Mapping[str, Any]

    @property
    def succeeded(self) -> bool:
        """True when the run came to its end, whatever its verdict."""
        return self.exit_code == 0

    @property
    def drifted(self) -> bool:
        """True when a check said drift."""
        return any(entry["verdict"] == "Drift" for entry in self.output.get("checks", ()))


class RunningCheck:
    """A run under way: ask for its outcome now and then; leaving the context ends the run.

    Args:
        check: name of the check, or `all`.
        settings: the whole environment of the job.
        log: file that its log is appended to.
    """

    def __init__(self, check: str, *, settings: Mapping[str, str], log: Path) -> None:
        self._check = check
        self._log = log
        self._deadline = time.monotonic() + _TIMEOUT_S
        # A file, since a pipe that nobody reads while the job runs would block it.
        self._output = tempfile.TemporaryFile()  # noqa: SIM115  # closed by __exit__
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "modelmonitor.job"],
                env=settings,
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=errors,
                # Ctrl-C in the terminal reaches the supervisor alone, which then ends the run.
                start_new_session=True,
                preexec_fn=die_with_parent(),  # noqa: PLW1509  # it takes no lock
            )

    @property
    def pid(self) -> int:
        """Process id of the job."""
        return self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def outcome(self) -> CheckOutcome | None:
        """What the run said, None while it is under way; a run of more than half an hour has failed."""
        code = self._process.poll()
        if code is None and time.monotonic() < self._deadline:
            return None
        if code is None:
            self.stop()
            return _failed(
                self._check,
                f"the run took longer than {_TIMEOUT_S // 60} minutes and was stopped",
                self._log,
                exit_code=1,
            )
        if code != 0:
            return _failed(self._check, f"the run ended with exit code {code}", self._log, exit_code=code)
        self._output.seek(0)
        return _succeeded(self._check, json.loads(self._output.read()))

    def stop(self) -> None:
        """End the run if it is under way; what it has not published is lost."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._output.close()


def start_check(
    check: str, *, monitor_file: Path, addresses: Addresses, data_dir: Path, environment: Mapping[str, str]
) -> RunningCheck:
    """Start `python -m modelmonitor.job` for one check (or `all`)."""
    settings = {
        "MM_JOB_MONITOR": str(monitor_file),
        "MM_JOB_CHECK": check,
        "MM_JOB_DATABASE_URL": addresses.database_url.get_secret_value(),
        "MM_JOB_MLFLOW_TRACKING_URI": addresses.mlflow_url,
        "MM_JOB_PREDICTOR_URL": addresses.predictor_url,
        "MM_JOB_SCORE_TOKEN": addresses.score_token.get_secret_value(),
        "MM_JOB_REPORT_DIR": str((data_dir / "reports").resolve()),
    }
    return RunningCheck(check, settings={**environment, **settings}, log=data_dir / "logs" / "job.log")


def run_check(
    check: str, *, monitor_file: Path, addresses: Addresses, data_dir: Path, environment: Mapping[str, str]
) -> CheckOutcome:
    """Run one check (or `all`) and wait for it, half an hour at most."""
    with start_check(
        check,
        monitor_file=monitor_file,
        addresses=addresses,
        data_dir=data_dir,
        environment=environment,
    ) as running:
        while (outcome := running.outcome()) is None:
            time.sleep(_POLL_S)
        return outcome


def _succeeded(check: str, output: Mapping[str, Any]) -> CheckOutcome:
    sentences = tuple(
        f"{entry['name']}: {entry['verdict']}. {entry.get('message', '')}" for entry in output["checks"]
    )
    return CheckOutcome(check=check, exit_code=0, sentences=sentences, report=output["report"], output=output)


def _failed(check: str, what: str, log: Path, *, exit_code: int) -> CheckOutcome:
    sentence = f"{what}: {_message(log_tail(log, lines=1))} (log: {log})"
    return CheckOutcome(check=check, exit_code=exit_code, sentences=(sentence,), report=None, output={})


def _message(line: str) -> str:
    # The job logs a JSON object a line, unless it died before it could.
    try:
        return str(json.loads(line)["message"])
    except (ValueError, KeyError, TypeError):
        return line
