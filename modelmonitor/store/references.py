"""References: versioned samples that windows are compared with, never changed once saved."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from psycopg2 import errors
from psycopg2.extras import Json

from modelmonitor.sample import UNLABELLED, Sample
from modelmonitor.store.columns import StoredRow, half_precision, sample_of
from modelmonitor.store.copyformat import (
    bytes_field,
    copy_stream,
    integer_field,
    json_field,
    reals_field,
    text_field,
    timestamp_field,
    tuple_of,
)
from modelmonitor.store.errors import ReferenceExists, ReferenceMissing

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812
    from psycopg2.extensions import cursor as Cursor  # noqa: N812

NEXT_VERSION: Final = 0
_ALL: Final = """
SELECT name, version, model_name, model_version, created_at, origin,
       (SELECT count(*) FROM drift_reference_rows AS row
        WHERE (row.name, row.model_name, row.version) = (head.name, head.model_name, head.version))
FROM drift_references AS head ORDER BY created_at DESC, name, version DESC
"""
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtext('modelmonitor reference ' || %s || ' ' || %s))"
_BUILD_LOCK: Final = "hashtext('modelmonitor build reference ' || %s || ' ' || %s)"
_NEXT: Final = (
    "SELECT coalesce(max(version), 0) + 1 FROM drift_references WHERE name = %s AND model_name = %s"
)
_INSERT: Final = """
INSERT INTO drift_references (name, model_name, version, model_version, origin, classes, created_at, source)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""
_COPY_ROWS: Final = """
COPY drift_reference_rows
    (name, model_name, version, row_number,
     prediction_id, predicted_at, input_text, probabilities, embedding, label, segment)
FROM STDIN (FORMAT binary)
"""
_FIND: Final = """
SELECT version, model_version, origin, classes, created_at, source FROM drift_references
WHERE name = %(name)s AND model_name = %(model_name)s
  AND (%(version)s::integer IS NULL OR version = %(version)s)
  AND (%(model_version)s::text IS NULL OR model_version = %(model_version)s)
ORDER BY version DESC LIMIT 1
"""
_ROWS: Final = """
SELECT prediction_id, predicted_at, input_text, probabilities, embedding, label, segment
FROM drift_reference_rows WHERE name = %s AND model_name = %s AND version = %s ORDER BY row_number
"""
_KNOWN: Final = "SELECT DISTINCT name FROM drift_references WHERE model_name = %s ORDER BY name"


@dataclass(frozen=True, slots=True)
class Reference:
    """A sample with its provenance.

    Attributes:
        name: as in `spec.reference`.
        version: from 1 up for each name and model; NEXT_VERSION (0) before it is saved.
        model_name: whose predictions the sample holds.
        model_version: the version of the model that made them.
        created_at: when it was built, with time zone.
        origin: what it was built from, in words.
        sample: the rows.
        source: what it was built from, as JSON types: kind, digest or bounds of the source, seed.
    """

    name: str
    version: int
    model_name: str
    model_version: str
    created_at: datetime
    origin: str
    sample: Sample
    source: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReferenceHead:
    """A version of a reference without its rows; fields as those of `Reference`."""

    name: str
    version: int
    model_name: str
    model_version: str
    created_at: datetime
    origin: str
    rows: int


def list_references(conn: Connection) -> tuple[ReferenceHead, ...]:
    """All versions of all references, the newest first."""
    with conn, conn.cursor() as cursor:
        cursor.execute(_ALL)
        return tuple(ReferenceHead(*row) for row in cursor)


def save_reference(conn: Connection, reference: Reference) -> Reference:
    """Save all of it or nothing, and return it with its version: the next if it has NEXT_VERSION; commits.

    Embeddings are stored as float16.

    Raises:
        ReferenceExists: the version is taken.
    """
    with conn, conn.cursor() as cursor:
        cursor.execute(_LOCK, (reference.name, reference.model_name))
        saved = _numbered(cursor, reference)
        try:
            cursor.execute(_INSERT, _head(saved))
        except errors.UniqueViolation:
            raise ReferenceExists(
                f"Reference {saved.name} of model {saved.model_name} has a version {saved.version}: "
                "save it as the next."
            ) from None
        cursor.copy_expert(_COPY_ROWS, io.BytesIO(copy_stream(_tuples(saved))))
    return saved


def load_reference(
    conn: Connection,
    *,
    name: str,
    model_name: str,
    version: int | None = None,
    model_version: str | None = None,
) -> Reference:
    """The given version of a reference, or its latest, or the latest that a version of the model scored.

    Raises:
        ReferenceMissing: there is none; the message names those that exist for the model.
    """
    key = {"name": name, "model_name": model_name, "version": version, "model_version": model_version}
    with conn, conn.cursor() as cursor:
        cursor.execute(_FIND, key)
        head = cursor.fetchone()
        if head is None:
            raise _missing(cursor, name, model_name, version=version)
        found, scored_by, origin, classes, created_at, source = head
        cursor.execute(_ROWS, (name, model_name, found))
        rows = [StoredRow(*row) for row in cursor]
    stored = sample_of(rows, classes=tuple(classes), source=f"reference {name}")
    sample = replace(stored, confidence_known=bool(source.get("confidence_known", True)))
    return Reference(name, found, model_name, scored_by, created_at.astimezone(UTC), origin, sample, source)


def forget_references(conn: Connection, *, now: datetime) -> int:
    """Delete rolling versions beyond the longest retention, but for the newest of each; how many. Commits."""
    with conn, conn.cursor() as cursor:
        cursor.execute("SELECT modelmonitor_forget_references(%s)", (now,))
        (deleted,) = cursor.fetchone() or (0,)
    return int(deleted)


@contextmanager
def alone_building(conn: Connection, *, name: str, model_name: str) -> Iterator[None]:
    """Inside, nobody else builds this reference; others wait.

    The lock is the connection's, not a transaction's: it costs the database nothing while texts are scored,
    and is free again as soon as the connection ends, however it does.
    """
    _execute(conn, f"SELECT pg_advisory_lock({_BUILD_LOCK})", (name, model_name))
    try:
        yield
    finally:
        _execute(conn, f"SELECT pg_advisory_unlock({_BUILD_LOCK})", (name, model_name))


def _execute(conn: Connection, statement: str, values: tuple[str, ...]) -> None:
    with conn, conn.cursor() as cursor:
        cursor.execute(statement, values)


def _numbered(cursor: Cursor, reference: Reference) -> Reference:
    if reference.version != NEXT_VERSION:
        return reference
    cursor.execute(_NEXT, (reference.name, reference.model_name))
    (version,) = cursor.fetchone() or (1,)
    return replace(reference, version=version)


def _head(reference: Reference) -> tuple[object, ...]:
    return (
        reference.name,
        reference.model_name,
        reference.version,
        reference.model_version,
        reference.origin,
        list(reference.sample.classes),
        reference.created_at,
        Json(dict(reference.source)),
    )


def _tuples(reference: Reference) -> Iterator[bytes]:
    sample = reference.sample
    key = (text_field(reference.name), text_field(reference.model_name), integer_field(reference.version))
    for number, (prediction_id, text) in enumerate(zip(sample.prediction_ids, sample.texts, strict=True)):
        label = sample.labels[number]
        yield tuple_of(
            *key,
            integer_field(number),
            text_field(prediction_id),
            timestamp_field(sample.predicted_at[number].item().replace(tzinfo=UTC)),
            text_field(text),
            reals_field(tuple(sample.probabilities[number].tolist())),
            bytes_field(None if sample.embeddings is None else half_precision(sample.embeddings[number])),
            text_field(None if label == UNLABELLED else sample.classes[label]),
            json_field(sample.segments[number] if sample.segments else {}),
        )


def _missing(cursor: Cursor, name: str, model_name: str, *, version: int | None) -> ReferenceMissing:
    cursor.execute(_KNOWN, (model_name,))
    known = ", ".join(row[0] for row in cursor) or "none"
    which = f"Reference {name}" if version is None else f"Version {version} of reference {name}"
    return ReferenceMissing(
        f"{which} does not exist for model {model_name} (it has: {known}): "
        f"import its texts with `modelmonitor reference import {name} FILE`, or correct the name."
    )
