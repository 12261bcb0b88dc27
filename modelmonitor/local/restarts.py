"""Start again what ended by itself, a bounded number of times."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from modelmonitor.local.errors import LocalError, ProcessFailed
from modelmonitor.local.process import exit_code, log_tail

MOST: Final = 3
WITHIN: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Service:
    """A process of the local stack that must always run.

    Attributes:
        name: as shown to the user.
        log: its log file.
        pid: its process id, None when it is not started.
        start: starts it at its old address and returns when it answers; raises LocalError.
        stop: removes what is left of it; nothing happens when it is not started.
    """

    name: str
    log: Path
    pid: Callable[[], int | None]
    start: Callable[[], None]
    stop: Callable[[], None]

    @property
    def ended(self) -> str | None:
        """How it ended in a few words, None while it runs."""
        pid = self.pid()
        if pid is None:
            return "is not running"
        try:
            code = exit_code(pid)
        except ChildProcessError:
            return "ended"
        return None if code is None else _ending(code)


class KeepAlive:
    """Starts services again that ended, at most `MOST` times each within `WITHIN`.

    Args:
        services: in the order of their start, so that what others need comes back first.
        say: told each restart in one line.
    """

    def __init__(self, services: Sequence[Service], *, say: Callable[[str], object]) -> None:
        self._services = tuple(services)
        self._say = say
        self._restarts: dict[str, tuple[datetime, ...]] = {service.name: () for service in services}

    def tick(self, *, now: datetime) -> None:
        """Start again every service that has ended by `now`, and wait until it answers.

        Raises:
            ProcessFailed: a service ended once more after its last allowed restart; has the end of its log.
        """
        for service in self._services:
            if (how := service.ended) is not None:
                self._restart(service, how=how, now=now)

    def _restart(self, service: Service, *, how: str, now: datetime) -> None:
        recent = recent_restarts(self._restarts[service.name], now=now)
        if len(recent) >= MOST:
            raise ProcessFailed(_given_up(service, how=how))
        self._restarts[service.name] = (*recent, now)
        self._say(f"the {service.name} {how}: starting it again (restart {len(recent) + 1} of {MOST}) …")
        try:
            service.stop()
            service.start()
        except LocalError as error:
            self._say(str(error))
        else:
            self._say(f"the {service.name} answers again at the same address")


def recent_restarts(past: Sequence[datetime], *, now: datetime) -> tuple[datetime, ...]:
    """The restarts that still count against the limit at `now`."""
    return tuple(at for at in past if now - at < WITHIN)


def _ending(code: int) -> str:
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


def _given_up(service: Service, *, how: str) -> str:
    return (
        f"the {service.name} {how} after {MOST} restarts in {WITHIN // timedelta(minutes=1)} minutes, "
        f"so everything is stopped; its log {service.log} ends with:\n{log_tail(service.log)}"
    )
