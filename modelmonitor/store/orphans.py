"""Events that wait too long for their partner, and how long anything of an event is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812

_FORGET_REPEATS: Final = """
DELETE FROM event_halves USING event_pairs
WHERE event_halves.event_key = event_pairs.event_key AND event_halves.orphaned_at IS NULL
"""
# By the time of storing: after an outage both halves may be old, and the second still on its way.
_GIVE_UP: Final = """
UPDATE event_halves SET orphaned_at = now()
WHERE orphaned_at IS NULL AND stored_at < now() - %s RETURNING kind
"""
_FORGET: Final = (
    "DELETE FROM event_halves WHERE orphaned_at < now() - %(orphans)s",
    "DELETE FROM event_dead_letters WHERE received_at < now() - %(orphans)s",
    "DELETE FROM event_pairs WHERE joined_at < now() - %(repeats)s",
)


@dataclass(frozen=True, slots=True)
class EventLifetimes:
    """How long what is left of events stays.

    Attributes:
        partner: time that a half waits for its partner before it is an orphan.
        orphans: time that orphans and unreadable bodies are kept.
        repeats: time in which a repeated event is known to be one.
    """

    partner: timedelta
    orphans: timedelta
    repeats: timedelta


def sweep_events(conn: Connection, lifetimes: EventLifetimes) -> Mapping[str, int]:
    """Make orphans of halves that waited too long, forget what is too old; new orphans by kind. Commits."""
    with conn, conn.cursor() as cursor:
        cursor.execute(_FORGET_REPEATS)
        cursor.execute(_GIVE_UP, (lifetimes.partner,))
        orphans = Counter(kind for (kind,) in cursor.fetchall())
    for statement in _FORGET:
        with conn, conn.cursor() as cursor:
            cursor.execute(statement, {"orphans": lifetimes.orphans, "repeats": lifetimes.repeats})
    return orphans
