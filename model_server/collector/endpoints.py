"""What each path does with a body: read it, make it durable, and say so."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

import orjson

from model_server.collector.alert_webhook import read_webhook
from model_server.collector.envelope import envelopes
from model_server.collector.half import EventPolicy, read_event
from model_server.collector.label_rows import label_rows
from model_server.collector.labels import read_labels
from model_server.collector.metrics import CollectorMetrics
from model_server.collector.records import Record
from modelmonitor.store.feedback import Feedback

# Above it, reading takes longer than handing it to a thread does.
_LARGE_BYTES: Final = 64 * 1024


class Durable(Protocol):
    """Where records go; `Inbox` is one."""

    @property
    def has_room(self) -> bool:
        """Whether records can be written."""

    def put(self, records: Sequence[Record]) -> None:
        """Returns once a crash of this process cannot lose the records."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    body: bytes
    content_type: bytes = b"application/json"


OK: Final = Answer(200, b"{}")


class Endpoints:
    """The three things that are taken."""

    def __init__(
        self, inbox: Durable, *, metrics: CollectorMetrics, policy: EventPolicy, max_labels: int
    ) -> None:
        self._inbox = inbox
        self._metrics = metrics
        self._policy = policy
        self._max_labels = max_labels

    async def events(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """CloudEvents; 200 and nothing else, for KServe's agent takes every other status for a failure.

        Raises:
            ServingError: nothing was taken.
        """
        now = datetime.now(UTC)
        events = [read_event(each, self._policy, now=now) for each in envelopes(headers, body, now=now)]
        records: list[Record] = [event.half for event in events]
        records += [event.unreadable for event in events if event.unreadable]
        if records:
            self._inbox.put(records)
        for event in events:
            self._metrics.event(event.half.kind, unreadable=event.unreadable is not None)
        return OK

    async def feedback(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Labels, all of a request or none.

        Raises:
            ServingError: nothing was taken.
        """
        content_type = headers.get("content-type", "")
        if len(body) < _LARGE_BYTES:
            labels = self._take_labels(body, content_type)
        else:
            labels = await asyncio.to_thread(self._take_labels, body, content_type)
        self._metrics.labelled(len(labels))
        return Answer(202, orjson.dumps({"labels": len(labels), "stored": "spooled"}))

    async def alerts(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Alertmanager's webhook.

        Raises:
            ServingError: nothing was taken.
        """
        news = read_webhook(body)
        if news:
            self._inbox.put(news)
        self._metrics.alerted(len(news))
        return Answer(200, orjson.dumps({"alerts": len(news), "stored": "spooled"}))

    def _take_labels(self, body: bytes, content_type: str) -> list[Feedback]:
        labels = read_labels(label_rows(body, content_type), now=datetime.now(UTC), most=self._max_labels)
        self._inbox.put(labels)
        return labels
