"""Requests and responses that were logged apart: kept until both are there, each pair taken exactly once.

Several writers may work on the same events. Each stores its unpaired halves and commits, and only then looks
for pairs: whoever commits second sees both halves. Taking a pair deletes its rows, so one of them gets it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor  # noqa: N812

Kind = Literal["request", "response"]
_BOTH: Final = 2

# In order of the key, so that concurrent writers lock in one order.
_KEEP: Final = """
INSERT INTO event_halves (event_key, kind, event_id, deployment_id, component, happened_at, content)
SELECT given.* FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[],
                           %s::jsonb[])
    AS given (event_key, kind, event_id, deployment_id, component, happened_at, content)
WHERE NOT EXISTS (SELECT FROM event_pairs WHERE event_pairs.event_key = given.event_key)
ORDER BY 1, 2
ON CONFLICT DO NOTHING
"""
_TAKE: Final = """
WITH complete AS (
    SELECT event_key FROM event_halves WHERE event_key = ANY(%s::uuid[])
    GROUP BY event_key HAVING count(*) = 2
)
DELETE FROM event_halves USING complete WHERE event_halves.event_key = complete.event_key
RETURNING event_halves.event_key::text, kind, event_id, deployment_id, component, happened_at, content
"""
_CLAIM: Final = """
INSERT INTO event_pairs (event_key) SELECT DISTINCT unnest(%s::uuid[]) ORDER BY 1
ON CONFLICT DO NOTHING RETURNING event_key::text
"""
_KEEP_LETTERS: Final = """
INSERT INTO event_dead_letters
    (event_key, kind, sha256, event_id, deployment_id, reason, content_type, body_bytes, body, received_at)
SELECT * FROM unnest(%s::uuid[], %s::text[], %s::bytea[], %s::text[], %s::text[], %s::text[], %s::text[],
                     %s::bigint[], %s::bytea[], %s::timestamptz[])
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class EventHalf:
    """One of the two events of an inference.

    Attributes:
        key: the same for both halves, and for repeats of them.
        kind: request or response.
        event_id: CloudEvents id, as the sender gave it.
        deployment_id: what served it, the name that drift checks select by.
        component: predictor, transformer or explainer.
        happened_at: when it was sent, with time zone.
        content: what was read from the body; JSON values.
    """

    key: uuid.UUID
    kind: Kind
    event_id: str
    deployment_id: str
    component: str
    happened_at: datetime
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EventPair:
    """A request and its response."""

    request: EventHalf
    response: EventHalf


@dataclass(frozen=True, slots=True)
class UnreadableBody:
    """A body that could not be read, kept aside.

    Attributes:
        key: of its event.
        kind: request or response.
        sha256: digest of the whole body.
        event_id: CloudEvents id.
        deployment_id: what served it.
        reason: why it could not be read; holds nothing of the body.
        content_type: as the sender declared it.
        body_bytes: length of the whole body.
        body: its first bytes, or None where privacy settings forbid to keep them.
        received_at: when it came, with time zone.
    """

    key: uuid.UUID
    kind: Kind
    sha256: bytes
    event_id: str
    deployment_id: str
    reason: str
    content_type: str
    body_bytes: int
    body: bytes | None
    received_at: datetime


def keep_halves(cursor: Cursor, halves: Sequence[EventHalf]) -> None:
    """Store halves that wait for their partner; repeats of what is there or was joined are left out."""
    if halves:
        cursor.execute(
            _KEEP,
            (
                [str(half.key) for half in halves],
                [half.kind for half in halves],
                [half.event_id for half in halves],
                [half.deployment_id for half in halves],
                [half.component for half in halves],
                [half.happened_at for half in halves],
                [json.dumps(half.content, ensure_ascii=False) for half in halves],
            ),
        )


def take_pairs(cursor: Cursor, keys: Sequence[uuid.UUID]) -> tuple[EventPair, ...]:
    """Remove the events of which both halves are stored, and return them; no other writer gets them."""
    if not keys:
        return ()
    cursor.execute(_TAKE, ([str(key) for key in keys],))
    found: dict[str, dict[str, EventHalf]] = {}
    for key, *rest in cursor.fetchall():
        half = EventHalf(uuid.UUID(key), *rest)
        found.setdefault(key, {})[half.kind] = half
    # Half of a pair means that another writer takes it in this moment.
    return tuple(EventPair(**halves) for halves in found.values() if len(halves) == _BOTH)


def claim(cursor: Cursor, keys: Sequence[uuid.UUID]) -> frozenset[uuid.UUID]:
    """Of the joined events those that nobody joined before; they count as joined from now on."""
    if not keys:
        return frozenset()
    cursor.execute(_CLAIM, ([str(key) for key in keys],))
    return frozenset(uuid.UUID(key) for (key,) in cursor.fetchall())


def keep_unreadable(cursor: Cursor, letters: Sequence[UnreadableBody]) -> None:
    """Store bodies that could not be read, each once."""
    if letters:
        cursor.execute(
            _KEEP_LETTERS,
            (
                [str(letter.key) for letter in letters],
                [letter.kind for letter in letters],
                [letter.sha256 for letter in letters],
                [letter.event_id for letter in letters],
                [letter.deployment_id for letter in letters],
                [letter.reason for letter in letters],
                [letter.content_type for letter in letters],
                [letter.body_bytes for letter in letters],
                [letter.body for letter in letters],
                [letter.received_at for letter in letters],
            ),
        )
