"""A child process that starts, says when it is ready, and never outlives its parent."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from modelmonitor.local.errors import ProcessFailed

if TYPE_CHECKING:
    from pathlib import Path

_PR_SET_PDEATHSIG = 1
_LOG_TAIL_LINES = 15


def die_with_parent(death_signal: signal.Signals = signal.SIGTERM) -> Callable[[], None]:
    """A `preexec_fn` that has the kernel send the signal when the parent dies (Linux only)."""
    library = ctypes.CDLL(None, use_errno=True)

    def preexec() -> None:
        if hasattr(library, "prctl"):
            library.prctl(_PR_SET_PDEATHSIG, int(death_signal))

    return preexec


def log_tail(log: Path, *, lines: int = _LOG_TAIL_LINES) -> str:
    """The last lines of a log file, or a sentence when there is none."""
    if not log.exists():
        return "(no log was written)"
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


class ChildProcess:
    """One supervised process whose output goes to a log file.

    Args:
        name: as shown to the user.
        command: program and arguments; secrets belong into `environment`, which no other user can read.
        environment: the whole environment of the child.
        log: file that its output is appended to.
    """

    def __init__(
        self, name: str, command: Sequence[str], *, environment: Mapping[str, str], log: Path
    ) -> None:
        self.name = name
        self.log = log
        self._command = tuple(command)
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Process id, or None before start."""
        return None if self._process is None else self._process.pid

    @property
    def running(self) -> bool:
        """True while the process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the process; it is not ready before `wait_ready` returns."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C in the terminal reaches the supervisor alone, which then stops all in order.
                start_new_session=True,
                preexec_fn=die_with_parent(),  # noqa: PLW1509 - no thread of ours holds a lock that it needs
            )

    def wait_ready(self, probe: Callable[[], bool], *, timeout_s: float) -> None:
        """Return when `probe` is true.

        Raises:
            ProcessFailed: the process ended first, or did not answer within `timeout_s` seconds.
        """
        deadline = time.monotonic() + timeout_s
        while not probe():
            if not self.running:
                raise ProcessFailed(self._sentence("ended while starting"))
            if time.monotonic() > deadline:
                raise ProcessFailed(self._sentence(f"did not answer within {timeout_s:.0f} s"))
            time.sleep(0.1)

    def stop(self, *, grace_s: float = 20.0) -> None:
        """Ask it to end, wait, and kill it after `grace_s` seconds."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(grace_s)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None

    def _sentence(self, what: str) -> str:
        code = None if self._process is None else self._process.poll()
        ended = "" if code is None else f" (exit code {code})"
        return f"the {self.name} {what}{ended}; its log {self.log} ends with:\n{log_tail(self.log)}"
