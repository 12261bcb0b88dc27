"""A child process that starts, says when it is ready, and never outlives its parent."""

from __future__ import annotations

import contextlib
import ctypes
import os
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
_POLL_S = 0.02


def die_with_parent(death_signal: signal.Signals = signal.SIGTERM) -> Callable[[], None]:
    """A `preexec_fn` that has the kernel send the signal when the parent dies (Linux only)."""
    library = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def preexec() -> None:
        if hasattr(library, "prctl"):
            library.prctl(_PR_SET_PDEATHSIG, int(death_signal))
            # The kernel says nothing about a parent that died before it was asked.
            if os.getppid() != parent:
                os.kill(os.getpid(), signal.SIGKILL)

    return preexec


def log_tail(log: Path, *, lines: int = _LOG_TAIL_LINES, since: int = 0) -> str:
    """The last lines of a log file written after byte `since`, or a sentence when there are none."""
    if not log.exists():
        return "(no log was written)"
    text = log.read_bytes()[since:].decode(errors="replace")
    return "\n".join(text.splitlines()[-lines:]) or "(nothing was written to it)"


def exit_code(pid: int) -> int | None:
    """Exit code of a child of ours, minus the signal that killed it; None while it lives.

    The child stays a zombie for whoever started it to reap, so its number names no other process yet.

    Raises:
        ChildProcessError: it is no child of ours, or was reaped.
    """
    ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    if ended is None:
        return None
    return ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status


class ChildProcess:
    """One supervised process, with the children that it starts itself; its output goes to a log file.

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
        self._log_start = 0

    @property
    def pid(self) -> int | None:
        """Process id, or None when it is not started."""
        return None if self._process is None else self._process.pid

    @property
    def running(self) -> bool:
        """True while the process lives."""
        return self._process is not None and exit_code(self._process.pid) is None

    def start(self) -> None:
        """Start the process; it is not ready before `wait_ready` returns."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self._log_start = output.tell()
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
        """Ask it to end, wait, and kill after `grace_s` seconds what is left of it and of its children."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGTERM)
        try:
            _wait(process.pid, timeout_s=grace_s)
        finally:
            # Its session carries its number, which is not given to others before it is reaped.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _sentence(self, what: str) -> str:
        code = None if self._process is None else exit_code(self._process.pid)
        ended = "" if code is None else f" (exit code {code})"
        tail = log_tail(self.log, since=self._log_start)
        return f"the {self.name} {what}{ended}; its log {self.log} ends with:\n{tail}"


def _wait(pid: int, *, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while exit_code(pid) is None and time.monotonic() < deadline:
        time.sleep(_POLL_S)
