"""Run one check as a cluster's CronJob does: the drift job in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelmonitor.local.addresses import Addresses
from modelmonitor.local.process import log_tail

_TIMEOUT_S = 1800


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """What a run of one check said.

    Attributes:
        sentences: the verdict of each check in plain words, or why the run failed.
        report: path of the HTML report, None if the run failed.
        output: what the job wrote, as JSON types; empty if the run failed.
    """

    check: str
    succeeded: bool
    sentences: tuple[str, ...]
    report: str | None
    output: Mapping[str, Any]

    @property
    def drifted(self) -> bool:
        """True when a check said drift."""
        return any(entry["verdict"] == "Drift" for entry in self.output.get("checks", ()))


def run_check(
    check: str, *, monitor_file: Path, addresses: Addresses, data_dir: Path, environment: Mapping[str, str]
) -> CheckOutcome:
    """Run `python -m modelmonitor.job` for one check (or `all`) and wait for it, half an hour at most."""
    log = data_dir / "logs" / "job.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    settings = {
        "MM_JOB_MONITOR": str(monitor_file),
        "MM_JOB_CHECK": check,
        "MM_JOB_DATABASE_URL": addresses.database_url.get_secret_value(),
        "MM_JOB_MLFLOW_TRACKING_URI": addresses.mlflow_url,
        "MM_JOB_REPORT_DIR": str((data_dir / "reports").resolve()),
    }
    with log.open("ab") as errors:
        try:
            finished = subprocess.run(
                [sys.executable, "-m", "modelmonitor.job"],
                env={**environment, **settings},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                timeout=_TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return _failed(check, f"the run took longer than {_TIMEOUT_S // 60} minutes and was stopped", log)
    if finished.returncode != 0:
        return _failed(check, f"the run ended with exit code {finished.returncode}", log)
    output = json.loads(finished.stdout)
    sentences = tuple(
        f"{entry['name']}: {entry['verdict']}. {entry.get('message', '')}" for entry in output["checks"]
    )
    return CheckOutcome(
        check=check, succeeded=True, sentences=sentences, report=output["report"], output=output
    )


def _failed(check: str, what: str, log: Path) -> CheckOutcome:
    sentence = f"{what}; {log} ends with: {log_tail(log, lines=1)}"
    return CheckOutcome(check=check, succeeded=False, sentences=(sentence,), report=None, output={})
