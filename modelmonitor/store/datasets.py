"""Data sets: labelled texts kept in PostgreSQL, of which references are built, also without internet."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from psycopg2.extras import execute_values

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812

LabelledText = tuple[str, str | None]
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtext('modelmonitor dataset ' || %s))"
_LATEST: Final = """
SELECT version, sha256, texts, labelled, imported_at FROM reference_datasets
WHERE name = %s ORDER BY version DESC LIMIT 1
"""
_ALL: Final = """
SELECT DISTINCT ON (name) name, version, sha256, texts, labelled, imported_at FROM reference_datasets
ORDER BY name, version DESC
"""
_INSERT: Final = """
INSERT INTO reference_datasets (name, version, sha256, texts, labelled, imported_at)
VALUES (%s, %s, %s, %s, %s, %s)
"""
_INSERT_ROWS: Final = """
INSERT INTO reference_dataset_rows (name, version, row_number, input_text, label) VALUES %s
"""
_ROWS: Final = """
SELECT input_text, label FROM reference_dataset_rows WHERE name = %s AND version = %s ORDER BY row_number
"""
_BATCH: Final = 1000
# PostgreSQL's text holds every character but this one.
_NUL: Final = "\x00"


@dataclass(frozen=True, slots=True)
class DatasetHead:
    """The newest version of a data set, without its texts.

    Attributes:
        sha256: of texts and labels in their order.
        texts: how many.
        labelled: how many of them have a label.
        imported_at: with time zone.
    """

    name: str
    version: int
    sha256: str
    texts: int
    labelled: int
    imported_at: datetime


def digest_of_texts(rows: Sequence[LabelledText]) -> str:
    """SHA-256 over texts and labels in their order."""
    digest = hashlib.sha256()
    for text, label in rows:
        for part in (text, "" if label is None else f"={label}"):
            encoded = part.encode("utf-8", "surrogatepass")
            digest.update(len(encoded).to_bytes(8, "big"))
            digest.update(encoded)
    return digest.hexdigest()


def save_dataset(conn: Connection, name: str, rows: Sequence[LabelledText], *, now: datetime) -> DatasetHead:
    """Save the texts as the next version, all or none; nothing if the newest holds the same. Commits.

    Args:
        conn: any connection that may write.
        name: of the data set.
        rows: at least one text, each with its label or None.
        now: with time zone.
    """
    kept = [(text.replace(_NUL, "\ufffd"), label) for text, label in rows]
    digest = digest_of_texts(kept)
    with conn, conn.cursor() as cursor:
        cursor.execute(_LOCK, (name,))
        cursor.execute(_LATEST, (name,))
        latest = cursor.fetchone()
        if latest is not None and latest[1] == digest:
            return _head(name, latest)
        labelled = sum(label is not None for _, label in kept)
        head = DatasetHead(name, 1 if latest is None else latest[0] + 1, digest, len(kept), labelled, now)
        cursor.execute(_INSERT, (name, head.version, digest, head.texts, labelled, now))
        numbered = [(name, head.version, number, *row) for number, row in enumerate(kept)]
        execute_values(cursor, _INSERT_ROWS, numbered, page_size=_BATCH)
    return head


def find_dataset(conn: Connection, name: str) -> DatasetHead | None:
    """The newest version of a data set, None if there is none."""
    with conn, conn.cursor() as cursor:
        cursor.execute(_LATEST, (name,))
        found = cursor.fetchone()
    return None if found is None else _head(name, found)


def load_dataset(conn: Connection, head: DatasetHead) -> tuple[LabelledText, ...]:
    """The texts of a version with their labels, in their order."""
    with conn, conn.cursor() as cursor:
        cursor.execute(_ROWS, (head.name, head.version))
        return tuple((text, label) for text, label in cursor)


def list_datasets(conn: Connection) -> tuple[DatasetHead, ...]:
    """The newest version of every data set, by name."""
    with conn, conn.cursor() as cursor:
        cursor.execute(_ALL)
        return tuple(_head(name, row) for name, *row in cursor)


def _head(name: str, row: Sequence[Any]) -> DatasetHead:
    version, digest, texts, labelled, imported_at = row
    return DatasetHead(name, version, digest, texts, labelled, imported_at.astimezone(UTC))
