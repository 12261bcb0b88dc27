"""Windows of the prediction log as samples: the same rows for the same question, always."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from modelmonitor.sample import Sample
from modelmonitor.store.columns import StoredRow, sample_of
from modelmonitor.store.errors import MixedWindow

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812

# The rows are chosen first, from the index alone; md5 is the same on every server version and machine.
_READ: Final = """
WITH chosen AS (
    SELECT predicted_at, prediction_id FROM prediction_logs
    WHERE deployment_id = %(deployment_id)s AND predicted_at >= %(start)s AND predicted_at < %(end)s
      AND (%(model_version)s::text IS NULL OR model_version = %(model_version)s)
      AND NOT EXISTS (
          SELECT FROM unnest(%(excluded_from)s::timestamptz[], %(excluded_to)s::timestamptz[])
              AS span(first, last)
          WHERE predicted_at >= span.first AND predicted_at < span.last
      )
    ORDER BY md5(%(seed)s::text || prediction_id::text), predicted_at
    LIMIT %(max_rows)s
)
SELECT logged.prediction_id::text, logged.predicted_at, logged.input_text, logged.probabilities,
       logged.embedding, feedback.label, logged.segment, logged.predicted_sentiment,
       logged.confidence_score IS NOT NULL
FROM chosen
JOIN prediction_logs AS logged USING (predicted_at, prediction_id)
LEFT JOIN feedback ON feedback.prediction_id = logged.prediction_id
WHERE logged.predicted_at >= %(start)s AND logged.predicted_at < %(end)s
ORDER BY logged.predicted_at, logged.prediction_id
"""
_COUNT: Final = """
SELECT count(*) FROM prediction_logs
WHERE deployment_id = %(deployment_id)s AND predicted_at >= %(start)s AND predicted_at < %(end)s
  AND (%(model_version)s::text IS NULL OR model_version = %(model_version)s)
"""
_NTH_NEWEST: Final = """
SELECT predicted_at FROM prediction_logs
WHERE deployment_id = %(deployment_id)s AND predicted_at >= %(start)s AND predicted_at < %(end)s
  AND (%(model_version)s::text IS NULL OR model_version = %(model_version)s)
ORDER BY predicted_at DESC OFFSET %(skipped)s LIMIT 1
"""
_VERSIONS: Final = """
SELECT model_version FROM prediction_logs
WHERE deployment_id = %(deployment_id)s AND predicted_at >= %(start)s AND predicted_at < %(end)s
GROUP BY model_version ORDER BY max(predicted_at) DESC, model_version
"""
# The surest answer of each class: its probability is the largest by far, so its place is not in doubt.
_CLASSES: Final = """
SELECT DISTINCT ON (predicted_sentiment) predicted_sentiment, probabilities FROM prediction_logs
WHERE deployment_id = %(deployment_id)s AND predicted_at >= %(start)s AND predicted_at < %(end)s
  AND (%(model_version)s::text IS NULL OR model_version = %(model_version)s)
ORDER BY predicted_sentiment, confidence_score DESC NULLS LAST
"""
_NEWEST_VERSION: Final = """
SELECT model_version FROM (
    SELECT model_version, predicted_at FROM prediction_logs
    WHERE deployment_id = %(deployment_id)s AND predicted_at >= %(start)s AND predicted_at < %(end)s
    ORDER BY predicted_at DESC LIMIT %(rows)s
) AS newest
GROUP BY model_version ORDER BY count(*) DESC, max(predicted_at) DESC, model_version LIMIT 1
"""


def read_window(
    conn: Connection,
    *,
    deployment_id: str,
    start: datetime,
    end: datetime,
    classes: Sequence[str],
    max_rows: int,
    seed: int,
    model_version: str | None = None,
    excluded: Sequence[tuple[datetime, datetime]] = (),
) -> Sample:
    """Predictions of [start, end) with their latest labels, ordered by time.

    Of more than `max_rows` a uniform random subset is taken, the same for the same `seed`. Embeddings are
    given only if every row has one. A label that is not among `classes` counts as none.

    Args:
        conn: any connection; a transaction of its own is used.
        deployment_id: whose predictions.
        start: first moment, with time zone.
        end: first moment that does not belong to the window, with time zone.
        classes: class names in the order of the logged probabilities.
        max_rows: most rows of the sample.
        seed: of the random choice.
        model_version: only predictions of this version, if given.
        excluded: spans [first, last) whose predictions are left out.

    Raises:
        MixedWindow: predictions with another number of classes or another embedding.
    """
    with conn, conn.cursor() as cursor:
        cursor.execute(
            _READ,
            {
                **_question(deployment_id, start, end=end, model_version=model_version),
                "max_rows": max_rows,
                "seed": seed,
                "excluded_from": [first for first, _ in excluded],
                "excluded_to": [last for _, last in excluded],
            },
        )
        rows = [StoredRow(*row) for row in cursor]
    source = f"{deployment_id} from {start.isoformat()} to {end.isoformat()}"
    return sample_of(rows, classes=tuple(classes), source=source)


def count_rows(
    conn: Connection, *, deployment_id: str, start: datetime, end: datetime, model_version: str | None = None
) -> int:
    """Number of predictions of [start, end)."""
    with conn, conn.cursor() as cursor:
        cursor.execute(_COUNT, _question(deployment_id, start, end=end, model_version=model_version))
        (count,) = cursor.fetchone() or (0,)
    return int(count)


def start_of_newest(
    conn: Connection,
    *,
    deployment_id: str,
    start: datetime,
    end: datetime,
    rows: int,
    model_version: str | None = None,
) -> datetime:
    """From when on the newest `rows` predictions of [start, end) are; `start` if there are fewer."""
    question = {**_question(deployment_id, start, end=end, model_version=model_version), "skipped": rows - 1}
    with conn, conn.cursor() as cursor:
        cursor.execute(_NTH_NEWEST, question)
        found = cursor.fetchone()
    moment: datetime = found[0] if found else start
    return max(moment, start)


def model_versions(
    conn: Connection, *, deployment_id: str, start: datetime, end: datetime
) -> tuple[str, ...]:
    """Versions that answered in [start, end), the latest first."""
    with conn, conn.cursor() as cursor:
        cursor.execute(_VERSIONS, _question(deployment_id, start, end=end, model_version=None))
        return tuple(version for (version,) in cursor)


def prevailing_version(
    conn: Connection, *, deployment_id: str, start: datetime, end: datetime, rows: int
) -> str | None:
    """The version that made most of the newest `rows` predictions of [start, end); None if there are none."""
    question = {**_question(deployment_id, start, end=end, model_version=None), "rows": rows}
    with conn, conn.cursor() as cursor:
        cursor.execute(_NEWEST_VERSION, question)
        found = cursor.fetchone()
    return None if found is None else str(found[0])


def logged_classes(
    conn: Connection, *, deployment_id: str, start: datetime, end: datetime, model_version: str | None = None
) -> tuple[str, ...]:
    """Class names of [start, end) in the order of the logged probabilities; one that never came is "class N".

    Where the model tells classes alone, they are in the order of their names.

    Raises:
        MixedWindow: the predictions do not agree on their classes.
    """
    with conn, conn.cursor() as cursor:
        cursor.execute(_CLASSES, _question(deployment_id, start, end=end, model_version=model_version))
        surest = {str(name): list(probabilities) for name, probabilities in cursor}
    if not any(surest.values()):
        return tuple(sorted(surest))
    places = {name: each.index(max(each)) for name, each in surest.items() if each}
    sizes = {len(each) for each in surest.values() if each}
    if len(sizes) > 1 or len(set(places.values())) < len(surest):
        raise MixedWindow(
            f"Predictions of {deployment_id} from {start.isoformat()} to {end.isoformat()} do not tell one "
            "probability for each class: compare with a data set, or choose a time with one set of classes."
        )
    names = {place: name for name, place in places.items()}
    return tuple(names.get(place, f"class {place}") for place in range(sizes.pop()))


def _question(
    deployment_id: str, start: datetime, *, end: datetime, model_version: str | None
) -> dict[str, object]:
    return {"deployment_id": deployment_id, "start": start, "end": end, "model_version": model_version}
