"""One thread that runs the model, on batches gathered from all requests while it was busy."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from model_server.batch_plan import BatchLimits, choose_batch
from model_server.cores import give_way
from model_server.errors import NotReady, Overloaded, Stopping
from model_server.failure import where
from model_server.isolate import run_isolated
from model_server.pace import Pace

logger = logging.getLogger(__name__)

Item = TypeVar("Item")
Ready = TypeVar("Ready")
Result = TypeVar("Result")
Item_contra = TypeVar("Item_contra", contravariant=True)


class Engine(Protocol[Item_contra, Ready, Result]):
    """What the forward thread runs; all but `weight` are called from that thread only."""

    def weight(self, item: Item_contra) -> int:
        """About how many tokens the item has, told at once: the queue is bounded by it."""

    def prepare(self, items: Sequence[Item_contra]) -> Sequence[Ready]:
        """What `forward` needs of each item (tokens)."""

    def length(self, ready: Ready) -> int:
        """Tokens of a prepared item."""

    def forward(self, batch: Sequence[Ready]) -> Sequence[Result]:
        """One result for each prepared item, in order."""

    def record(self, items: Sequence[Item_contra], results: Sequence[Result]) -> None:
        """Called before any of the results is handed out; what it raises becomes the answer to them all."""


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """How much may wait for the forward thread: texts, and tokens by the engine's `weight`."""

    texts: int
    tokens: int


@dataclass(frozen=True, slots=True, eq=False)
class _Arrival(Generic[Item, Result]):
    item: Item
    future: asyncio.Future[Result]
    weight: int


@dataclass(frozen=True, slots=True, eq=False)
class _Queued(Generic[Item, Ready, Result]):
    arrival: _Arrival[Item, Result]
    ready: Ready
    length: int


class Batcher(Generic[Item, Ready, Result]):
    """Hands items to the engine in batches; there is no timer, so an idle server answers at once.

    `submit` belongs to the event loop's thread, everything else here to the forward thread.
    """

    def __init__(
        self, engine: Engine[Item, Ready, Result], *, limits: BatchLimits, queue: QueueLimits
    ) -> None:
        self._engine = engine
        self._limits = limits
        self._queue = queue
        self._pace = Pace()
        self._changed = threading.Condition()
        self._arrivals: list[_Arrival[Item, Result]] = []
        self._backlog: list[_Queued[Item, Ready, Result]] = []
        self._in_hand: list[_Arrival[Item, Result]] = []
        self._waiting = 0
        self._waiting_tokens = 0
        self._closing = False
        self._dead = False
        self._thread = threading.Thread(target=self._work, name="forward", daemon=True)

    def start(self) -> None:
        """Start the forward thread."""
        self._thread.start()

    def close(self, timeout_s: float) -> None:
        """Refuse newcomers, answer those that wait, end the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(timeout_s)

    @property
    def alive(self) -> bool:
        """True while the forward thread runs."""
        return self._thread.is_alive() and not self._dead

    def submit(self, items: Sequence[Item]) -> list[asyncio.Future[Result]]:
        """One future for each item, all admitted or none; cancel a future to have its item skipped.

        Raises:
            Overloaded: they do not all fit into the queue.
            Stopping: `close` was called.
            NotReady: the forward thread has died.
        """
        loop = asyncio.get_running_loop()
        weights = [self._engine.weight(item) for item in items]
        with self._changed:
            self._admit(len(weights), sum(weights))
            arrivals = [
                _Arrival(item, loop.create_future(), weight)
                for item, weight in zip(items, weights, strict=True)
            ]
            self._arrivals += arrivals
            self._waiting += len(arrivals)
            self._waiting_tokens += sum(weights)
            self._changed.notify()
        return [arrival.future for arrival in arrivals]

    def _admit(self, texts: int, tokens: int) -> None:
        if self._closing:
            msg = "the server is shutting down; send the request to another replica."
            raise Stopping(msg)
        if not self.alive:
            msg = "the model thread has stopped; the server must be restarted."
            raise NotReady(msg)
        # A request larger than the whole queue is let in when nobody waits, else it could never be answered.
        fits = (
            self._waiting + texts <= self._queue.texts and self._waiting_tokens + tokens <= self._queue.tokens
        )
        if self._waiting and not fits:
            seconds = self._pace.seconds_for(self._waiting_tokens)
            msg = (
                f"the server is busy: {self._waiting} texts wait already; send the request again in "
                f"{seconds} s."
            )
            raise Overloaded(msg, retry_after_s=seconds)

    def _work(self) -> None:
        # Batches wait for milliseconds; a probe or a refusal must not wait for a batch.
        give_way()
        try:
            while self._collect():
                batch = self._take()
                if batch:
                    self._answer(batch)
        except BaseException as error:
            logger.critical("the forward thread died, the server reports not ready: %s", where(error))
            self._abandon()
            raise

    def _abandon(self) -> None:
        with self._changed:
            self._dead = True
            left = self._in_hand + [queued.arrival for queued in self._backlog] + self._arrivals
        _deliver(left, [NotReady("the model thread has stopped; the server must be restarted.")] * len(left))

    def _collect(self) -> bool:
        """Move arrivals to the backlog, waiting only if there is nothing at all to do; False at the end."""
        with self._changed:
            while not (self._arrivals or self._backlog or self._closing):
                self._changed.wait()
            self._in_hand, self._arrivals = self._arrivals, []
        self._prepare([arrival for arrival in self._in_hand if not arrival.future.cancelled()])
        self._keep([queued for queued in self._backlog if not queued.arrival.future.cancelled()])
        return bool(self._backlog) or not self._closing

    def _prepare(self, arrivals: list[_Arrival[Item, Result]]) -> None:
        outcomes = run_isolated(self._engine.prepare, [arrival.item for arrival in arrivals])
        failed: list[tuple[_Arrival[Item, Result], Exception]] = []
        for arrival, outcome in zip(arrivals, outcomes, strict=True):
            if isinstance(outcome, Exception):
                failed.append((arrival, outcome))
            else:
                self._backlog.append(_Queued(arrival, outcome, self._engine.length(outcome)))
        _deliver([arrival for arrival, _ in failed], [error for _, error in failed])

    def _take(self) -> list[_Queued[Item, Ready, Result]]:
        if not self._backlog:
            return []
        chosen = set(choose_batch([queued.length for queued in self._backlog], limits=self._limits))
        batch = [queued for i, queued in enumerate(self._backlog) if i in chosen]
        self._keep([queued for i, queued in enumerate(self._backlog) if i not in chosen])
        return batch

    def _keep(self, backlog: list[_Queued[Item, Ready, Result]]) -> None:
        with self._changed:
            self._backlog = backlog
            self._waiting = len(backlog) + len(self._arrivals)
            self._waiting_tokens = sum(queued.arrival.weight for queued in backlog)
            self._waiting_tokens += sum(arrival.weight for arrival in self._arrivals)

    def _answer(self, batch: list[_Queued[Item, Ready, Result]]) -> None:
        self._in_hand = [queued.arrival for queued in batch]
        begun = time.monotonic()
        outcomes = run_isolated(self._engine.forward, [queued.ready for queued in batch])
        _deliver(self._in_hand, self._record(self._in_hand, outcomes))
        self._pace.add(sum(arrival.weight for arrival in self._in_hand), seconds=time.monotonic() - begun)

    def _record(
        self, arrivals: list[_Arrival[Item, Result]], outcomes: list[Result | Exception]
    ) -> list[Result | Exception]:
        items: list[Item] = []
        results: list[Result] = []
        for arrival, outcome in zip(arrivals, outcomes, strict=True):
            if not isinstance(outcome, Exception):
                items.append(arrival.item)
                results.append(outcome)
        try:
            self._engine.record(items, results)
        except Exception as error:  # noqa: BLE001  # the engine's errors are answers, not the end of the thread
            return [outcome if isinstance(outcome, Exception) else error for outcome in outcomes]
        return outcomes


def _deliver(arrivals: Sequence[_Arrival[Item, Result]], outcomes: Sequence[Result | Exception]) -> None:
    """Resolve the futures on their loop, all of a batch with one wake-up of it."""
    if not arrivals:
        return
    futures = [arrival.future for arrival in arrivals]
    try:
        futures[0].get_loop().call_soon_threadsafe(_resolve, futures, outcomes)
    except RuntimeError:
        logger.info("answers to %d texts were ready after the server had stopped", len(futures))


def _resolve(futures: Sequence[asyncio.Future[Result]], outcomes: Sequence[Result | Exception]) -> None:
    for future, outcome in zip(futures, outcomes, strict=True):
        if future.done():
            continue
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
