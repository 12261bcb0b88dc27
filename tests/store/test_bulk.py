"""Large windows as chunks: the same rows as the small reading, whole, once, and the same every time."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from modelmonitor.store.bulk import CHUNK_ROWS, Question, stream_rows
from modelmonitor.store.errors import MixedWindow

START = datetime(2026, 3, 4, tzinfo=UTC)
END = START + timedelta(hours=6)


def question(**changes) -> Question:
    known = {
        "deployment_id": "sentiment",
        "start": START,
        "end": END,
        "model_version": None,
        "classes": 2,
        "dimensions": 2,
        "share": 1.0,
        "seed": 1,
    }
    return Question(**{**known, **changes})


def chunks(conn, **changes):
    found = []
    stream_rows(conn, question(**changes), found.append)
    return found


def ids(found) -> list[str]:
    return [str(uuid.UUID(bytes=row.tobytes())) for chunk in found for row in chunk.ids]


def test_a_chunk_holds_what_was_logged_and_a_missing_embedding_is_not_a_number(
    conn, store_rows, make_prediction
):
    with_one = make_prediction(predicted_at=START, embedding=np.array([0.5, -2.0], dtype="<f2").tobytes())
    without = make_prediction(
        predicted_at=START + timedelta(seconds=1.5), embedding=None, probabilities=(1.0, 0.0)
    )
    store_rows(with_one, without)
    (chunk,) = chunks(conn)
    assert ids([chunk]) == [str(with_one.prediction_id), str(without.prediction_id)]
    assert chunk.predicted_at.tolist() == [
        moment.replace(tzinfo=None) for moment in (START, START + timedelta(seconds=1.5))
    ]
    assert chunk.probabilities.tolist() == [[0.25, 0.75], [1.0, 0.0]]
    assert chunk.embeddings[0].tolist() == [0.5, -2.0]
    assert np.isnan(chunk.embeddings[1]).all()


def test_every_row_comes_once_whatever_the_size_of_the_chunks(conn, store_rows, make_prediction):
    logged = [make_prediction(predicted_at=START + timedelta(seconds=i)) for i in range(CHUNK_ROWS + 700)]
    store_rows(*logged)
    found = chunks(conn, dimensions=0)
    assert ids(found) == [str(row.prediction_id) for row in logged]
    assert [len(chunk.ids) for chunk in found] == [CHUNK_ROWS, 700]
    assert found[0].embeddings is None


def test_a_share_is_the_same_uniform_choice_for_the_same_seed(conn, store_rows, make_prediction):
    store_rows(*[make_prediction(predicted_at=START + timedelta(seconds=second)) for second in range(2000)])
    chosen = ids(chunks(conn, share=0.25))
    assert chosen == ids(chunks(conn, share=0.25))
    assert chosen != ids(chunks(conn, share=0.25, seed=2))
    assert 400 <= len(chosen) <= 600


def test_rows_outside_the_question_are_left_out(conn, store_rows, make_prediction):
    wanted = make_prediction(predicted_at=START)
    store_rows(
        wanted,
        make_prediction(predicted_at=END),
        make_prediction(predicted_at=START, deployment_id="another"),
        make_prediction(predicted_at=START, model_version="2"),
    )
    assert ids(chunks(conn, model_version="3")) == [str(wanted.prediction_id)]


@pytest.mark.parametrize(
    "strange", [{"probabilities": (0.2, 0.3, 0.5)}, {"embedding": bytes.fromhex("003c00400000")}]
)
def test_rows_of_another_model_are_refused(conn, store_rows, make_prediction, strange):
    store_rows(make_prediction(predicted_at=START), make_prediction(predicted_at=START, **strange))
    with pytest.raises(MixedWindow, match="1 predictions of sentiment have another number of classes"):
        chunks(conn)


def test_no_rows_are_no_chunks(conn):
    assert chunks(conn) == []
