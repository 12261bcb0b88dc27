"""Labels that come back for predictions: late, repeated, corrected, or before the prediction itself."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from modelmonitor.store.copyformat import storable

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812
    from psycopg2.extensions import cursor as Cursor  # noqa: N812

# In order of the id, so that concurrent batches lock in one order.
_ADD_TO_HISTORY: Final = """
INSERT INTO feedback_history (prediction_id, label, labelled_at, source)
SELECT * FROM unnest(%s::uuid[], %s::text[], %s::timestamptz[], %s::text[]) ORDER BY 1, 3, 2, 4
ON CONFLICT DO NOTHING
"""
_KEEP_LATEST: Final = """
INSERT INTO feedback (prediction_id, label, labelled_at, source)
SELECT DISTINCT ON (given.prediction_id) given.prediction_id, given.label, given.labelled_at, given.source
FROM unnest(%s::uuid[], %s::text[], %s::timestamptz[], %s::text[]) WITH ORDINALITY
    AS given (prediction_id, label, labelled_at, source, position)
ORDER BY given.prediction_id, given.labelled_at DESC, given.position DESC
ON CONFLICT (prediction_id) DO UPDATE SET
    label = EXCLUDED.label, labelled_at = EXCLUDED.labelled_at, source = EXCLUDED.source, received_at = now()
WHERE EXCLUDED.labelled_at >= feedback.labelled_at
"""


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a prediction should have been.

    Attributes:
        prediction_id: as returned to the caller of the prediction.
        label: a class name of the model.
        labelled_at: when it was judged, with time zone; of several labels the latest counts.
        source: who says so.
    """

    prediction_id: uuid.UUID
    label: str
    labelled_at: datetime
    source: str


def record_labels(conn: Connection, labels: Sequence[Feedback]) -> int:
    """Keep labels, known prediction or not; the number that was not recorded before. Commits; idempotent.

    The label with the latest `labelled_at` is the one that counts, of equal ones the last recorded;
    all are kept in `feedback_history`.
    """
    with conn, conn.cursor() as cursor:
        return add_labels(cursor, labels)


def add_labels(cursor: Cursor, labels: Sequence[Feedback]) -> int:
    """As `record_labels`, inside the caller's transaction."""
    if not labels:
        return 0
    columns = (
        [str(label.prediction_id) for label in labels],
        [storable(label.label) for label in labels],
        [label.labelled_at for label in labels],
        [storable(label.source) for label in labels],
    )
    cursor.execute(_ADD_TO_HISTORY, columns)
    added = cursor.rowcount
    cursor.execute(_KEEP_LATEST, columns)
    return added
