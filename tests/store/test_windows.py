"""Windows of the log: the right rows, their latest labels, and the same rows every time."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from modelmonitor.sample import UNLABELLED, Sample
from modelmonitor.store.errors import MixedWindow
from modelmonitor.store.feedback import Feedback, record_labels
from modelmonitor.store.records import Prediction
from modelmonitor.store.windows import (
    count_rows,
    logged_classes,
    model_versions,
    prevailing_version,
    read_window,
)

START = datetime(2026, 3, 4, tzinfo=UTC)
END = START + timedelta(hours=1)
CLASSES = ("NEGATIVE", "POSITIVE")
Make = Callable[..., Prediction]
StoreRows = Callable[..., None]


def window(conn, **changes) -> Sample:
    question = {
        "deployment_id": "sentiment",
        "start": START,
        "end": END,
        "classes": CLASSES,
        "max_rows": 1000,
        "seed": 1,
    }
    return read_window(conn, **{**question, **changes})


def label(row: Prediction, name: str, minute: int) -> Feedback:
    return Feedback(row.prediction_id, name, START + timedelta(minutes=minute), "reviewer")


def test_a_window_holds_every_column_with_the_latest_label(
    conn, store_rows: StoreRows, make_prediction: Make
) -> None:
    half = np.array([0.5, -2.0], dtype="<f2").tobytes()
    first = make_prediction(predicted_at=START, input_text="first", embedding=half)
    second = make_prediction(
        predicted_at=START + timedelta(seconds=1), input_text=None, embedding=half, probabilities=(1.0, 0.0)
    )
    store_rows(second, first)
    record_labels(conn, [label(first, "NEGATIVE", 5), label(first, "POSITIVE", 9)])
    sample = window(conn)
    assert (sample.classes, sample.prediction_ids, sample.texts) == (
        CLASSES,
        (str(first.prediction_id), str(second.prediction_id)),
        ("first", None),
    )
    assert sample.probabilities.tolist() == [[0.25, 0.75], [1.0, 0.0]]
    assert sample.embeddings.tolist() == [[0.5, -2.0], [0.5, -2.0]]
    assert sample.predicted_at.tolist() == [
        moment.replace(tzinfo=None) for moment in (START, START + timedelta(seconds=1))
    ]
    assert sample.labels.tolist() == [1, UNLABELLED]


def test_the_start_belongs_to_the_window_and_the_end_does_not(
    conn, store_rows: StoreRows, make_prediction: Make
) -> None:
    moments = {"before": START - timedelta(microseconds=1), "start": START, "end": END}
    store_rows(*[make_prediction(input_text=text, predicted_at=moment) for text, moment in moments.items()])
    assert window(conn).texts == ("start",)
    assert count_rows(conn, deployment_id="sentiment", start=START, end=END) == 1


def test_other_deployments_and_other_model_versions_are_left_out(
    conn, store_rows: StoreRows, make_prediction: Make
) -> None:
    store_rows(
        make_prediction(predicted_at=START, input_text="mine"),
        make_prediction(predicted_at=START, deployment_id="other"),
        make_prediction(predicted_at=START + timedelta(minutes=5), model_version="4", input_text="newer"),
    )
    assert window(conn, model_version="3").texts == ("mine",)
    assert count_rows(conn, deployment_id="sentiment", start=START, end=END, model_version="4") == 1
    assert model_versions(conn, deployment_id="sentiment", start=START, end=END) == ("4", "3")


def test_a_large_window_is_a_uniform_subset_that_only_the_seed_changes(
    conn, store_rows: StoreRows, make_prediction: Make
) -> None:
    store_rows(*[make_prediction(predicted_at=START + timedelta(seconds=second)) for second in range(1000)])
    drawn = window(conn, max_rows=200)
    assert drawn.prediction_ids == window(conn, max_rows=200).prediction_ids
    assert drawn.prediction_ids != window(conn, max_rows=200, seed=2).prediction_ids
    assert list(drawn.predicted_at) == sorted(drawn.predicted_at)
    first_half = (drawn.predicted_at < np.datetime64("2026-03-04T00:08:20")).sum()
    assert len(drawn) == 200
    assert 70 <= first_half <= 130


def test_an_empty_window_is_an_empty_sample(conn) -> None:
    assert len(window(conn)) == 0
    assert count_rows(conn, deployment_id="sentiment", start=START, end=END) == 0


def test_a_window_over_models_of_different_classes_is_refused(
    conn, store_rows: StoreRows, make_prediction: Make
) -> None:
    three = make_prediction(predicted_at=START, probabilities=(0.2, 0.3, 0.5))
    store_rows(make_prediction(predicted_at=START), three)
    with pytest.raises(MixedWindow, match=r"1 of 2 rows of sentiment from 2026-03-04T00:00:00\+00:00 to "):
        window(conn)


def test_reading_leaves_no_transaction_open(conn) -> None:
    window(conn)
    assert conn.info.transaction_status == 0


def labels_in(conn, table: str) -> list[tuple[str, str]]:
    with conn, conn.cursor() as cursor:
        cursor.execute(
            f"SELECT prediction_id::text, label FROM {table} ORDER BY labelled_at, received_at, label"
        )
        return cursor.fetchall()


def test_labels_are_recorded_once_and_all_of_them_are_kept(conn, make_prediction: Make) -> None:
    row = make_prediction()
    given = [label(row, "NEGATIVE", 1), label(row, "POSITIVE", 2)]
    assert [record_labels(conn, given), record_labels(conn, given), record_labels(conn, [])] == [2, 0, 0]
    assert labels_in(conn, "feedback") == [(str(row.prediction_id), "POSITIVE")]
    assert labels_in(conn, "feedback_history") == [
        (str(row.prediction_id), "NEGATIVE"),
        (str(row.prediction_id), "POSITIVE"),
    ]


def test_a_late_message_about_an_earlier_judgement_does_not_win(conn, make_prediction: Make) -> None:
    row = make_prediction()
    record_labels(conn, [label(row, "POSITIVE", 9)])
    record_labels(conn, [label(row, "NEGATIVE", 1)])
    assert labels_in(conn, "feedback") == [(str(row.prediction_id), "POSITIVE")]


def test_of_two_judgements_at_one_moment_the_last_recorded_wins(conn, make_prediction: Make) -> None:
    row = make_prediction()
    record_labels(conn, [label(row, "NEGATIVE", 1), label(row, "POSITIVE", 1)])
    assert labels_in(conn, "feedback") == [(str(row.prediction_id), "POSITIVE")]
    record_labels(conn, [label(row, "NEUTRAL", 1)])
    assert labels_in(conn, "feedback") == [(str(row.prediction_id), "NEUTRAL")]


def test_a_label_that_comes_before_its_prediction_is_found_with_it_later(
    conn, store_rows: StoreRows, make_prediction: Make
) -> None:
    row = make_prediction(predicted_at=START)
    record_labels(conn, [label(row, "NEGATIVE", 1), Feedback(uuid.uuid4(), "POSITIVE", START, "reviewer")])
    store_rows(row)
    assert window(conn).labels.tolist() == [0]


def test_excluded_spans_are_left_out(conn, store_rows: StoreRows, make_prediction: Make) -> None:
    store_rows(*[make_prediction(predicted_at=START + timedelta(minutes=each)) for each in range(60)])
    spans = [(START + timedelta(minutes=first), START + timedelta(minutes=first + 5)) for first in (0, 50)]
    left = window(conn, excluded=spans).predicted_at.tolist()
    assert [moment.minute for moment in left] == [*range(5, 50), *range(55, 60)]


def classes(conn) -> tuple[str, ...]:
    return logged_classes(conn, deployment_id="sentiment", start=START, end=END)


def test_classes_are_named_in_the_order_of_their_probabilities(
    conn, store_rows: StoreRows, make_prediction: Make
) -> None:
    told = {"good": (0.1, 0.2, 0.7), "bad": (0.8, 0.1, 0.1)}
    rows = [
        make_prediction(
            predicted_at=START, predicted_sentiment=name, probabilities=each, confidence_score=max(each)
        )
        for name, each in told.items()
    ]
    store_rows(*rows)
    assert classes(conn) == ("bad", "class 1", "good")


def test_classes_that_are_told_alone_are_in_the_order_of_their_names(
    conn, store_rows: StoreRows, make_prediction: Make
) -> None:
    alone = {"probabilities": (), "confidence_score": None, "predicted_at": START}
    store_rows(*[make_prediction(predicted_sentiment=name, **alone) for name in ("good", "bad")])
    assert classes(conn) == ("bad", "good")


def test_predictions_that_do_not_agree_on_their_classes_have_none(
    conn, store_rows: StoreRows, make_prediction: Make
) -> None:
    store_rows(*[make_prediction(predicted_at=START, predicted_sentiment=name) for name in ("good", "fine")])
    with pytest.raises(MixedWindow, match="do not tell one probability for each class"):
        classes(conn)


def test_the_version_of_most_of_the_newest_rows_prevails(
    conn, store_rows: StoreRows, make_prediction: Make
) -> None:
    ages = {"3": range(20, 50), "4": range(8), "5": (8, 9)}
    store_rows(
        *[
            make_prediction(predicted_at=END - timedelta(seconds=age + 1), model_version=version)
            for version, seconds in ages.items()
            for age in seconds
        ]
    )

    def prevailing(rows: int) -> str | None:
        return prevailing_version(conn, deployment_id="sentiment", start=START, end=END, rows=rows)

    assert (prevailing(10), prevailing(40)) == ("4", "3")
    assert prevailing_version(conn, deployment_id="nobody", start=START, end=END, rows=9) is None
