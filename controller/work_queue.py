"""Which monitors wait for a reconcile: each at most once, never worked on twice at a time."""

from __future__ import annotations

import asyncio
from typing import Final

from controller.manifest import ObjectKey

FIRST_RETRY_S: Final = 1.0
LONGEST_RETRY_S: Final = 300.0


def retry_delay_s(failures: int) -> float:
    """How long to wait after a failure that had so many before it in a row, in seconds."""
    return min(LONGEST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(failures, 16))


class WorkQueue:
    """Keys in the order in which they became due.

    A key that is added while it is worked on is given out again afterwards, so that no change is missed.
    """

    def __init__(self) -> None:
        self._ready: asyncio.Queue[ObjectKey] = asyncio.Queue()
        self._waiting: set[ObjectKey] = set()
        self._working: set[ObjectKey] = set()
        self._again: set[ObjectKey] = set()
        self._failures: dict[ObjectKey, int] = {}
        self._rechecks: dict[ObjectKey, int] = {}
        self._later: dict[ObjectKey, asyncio.TimerHandle] = {}

    def __len__(self) -> int:
        """Keys that are due."""
        return len(self._waiting) + len(self._again)

    def works_on(self, key: ObjectKey) -> bool:
        """Whether the key is being worked on."""
        return key in self._working

    def add(self, key: ObjectKey) -> None:
        """The key is due now."""
        self._cancel(key)
        if key in self._working:
            self._again.add(key)
        elif key not in self._waiting:
            self._waiting.add(key)
            self._ready.put_nowait(key)

    def add_unless_failing(self, key: ObjectKey) -> None:
        """The key is due now; one that waits after a failure goes on waiting."""
        if key not in self._failures or key not in self._later:
            self.add(key)

    def add_later(self, key: ObjectKey, *, delay_s: float) -> None:
        """The key is due after a delay, unless it is added before."""
        self._cancel(key)
        self._later[key] = asyncio.get_running_loop().call_later(delay_s, self.add, key)

    def add_after_failure(self, key: ObjectKey, *, at_least_s: float = 0) -> float:
        """The key is due again after a delay, returned in seconds, that doubles with each failure."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        delay = max(at_least_s, retry_delay_s(failures))
        self.add_later(key, delay_s=delay)
        return delay

    def add_recheck(self, key: ObjectKey, *, first_s: float, longest_s: float) -> float:
        """The key waits for others: due after a delay, returned in seconds, that doubles each time."""
        rechecks = self._rechecks.get(key, 0)
        self._rechecks[key] = rechecks + 1
        delay = min(longest_s, first_s * 2.0 ** min(rechecks, 16))
        self.add_later(key, delay_s=delay)
        return delay

    def settled(self, key: ObjectKey) -> None:
        """The next recheck of the key is its first."""
        self._rechecks.pop(key, None)

    def succeeded(self, key: ObjectKey) -> None:
        """The next failure of the key is its first."""
        self._failures.pop(key, None)

    def forget(self, key: ObjectKey) -> None:
        """The key is gone: nothing of it is due later."""
        self._cancel(key)
        self._failures.pop(key, None)
        self._rechecks.pop(key, None)

    async def take(self) -> ObjectKey:
        """The next key that is due; nobody else gets it until `done`."""
        key = await self._ready.get()
        self._waiting.discard(key)
        self._working.add(key)
        return key

    def done(self, key: ObjectKey) -> None:
        """The key is no longer worked on."""
        self._working.discard(key)
        if key in self._again:
            self._again.discard(key)
            self.add(key)

    def _cancel(self, key: ObjectKey) -> None:
        timer = self._later.pop(key, None)
        if timer is not None:
            timer.cancel()
