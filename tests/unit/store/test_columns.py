"""Stored rows as samples."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

from modelmonitor.sample import UNLABELLED
from modelmonitor.store.columns import StoredRow, half_precision, sample_of
from modelmonitor.store.errors import MixedWindow

CLASSES = ("NEGATIVE", "POSITIVE")
ROW = StoredRow(
    prediction_id="1",
    predicted_at=datetime(2026, 3, 4, 13, tzinfo=UTC),
    input_text="fine",
    probabilities=[0.25, 0.75],
    embedding=half_precision(np.array([1.0, 2.0], dtype=np.float32)),
    label="POSITIVE",
)


def sample(*rows: StoredRow):
    return sample_of(rows, classes=CLASSES, source="the window")


def test_embeddings_are_given_only_when_every_row_has_one() -> None:
    assert sample(ROW, ROW).embeddings.tolist() == [[1.0, 2.0], [1.0, 2.0]]
    assert sample(ROW, replace(ROW, embedding=None)).embeddings is None


def test_labels_become_class_numbers_and_strangers_count_as_none() -> None:
    rows = [ROW, replace(ROW, label=None), replace(ROW, label="joy"), replace(ROW, label="NEGATIVE")]
    assert sample(*rows).labels.tolist() == [1, UNLABELLED, UNLABELLED, 0]


def test_times_are_kept_in_utc_whatever_the_session_said() -> None:
    elsewhere = ROW.predicted_at.astimezone(timezone(timedelta(hours=9)))
    assert sample(replace(ROW, predicted_at=elsewhere)).predicted_at.tolist() == [
        ROW.predicted_at.replace(tzinfo=None)
    ]


def test_a_sample_without_rows_keeps_its_shape() -> None:
    assert sample().probabilities.shape == (0, 2)


def test_rows_of_another_model_are_counted_and_refused() -> None:
    with pytest.raises(MixedWindow, match=r"1 of 2 rows of the window do not have 2 probabilities"):
        sample(ROW, replace(ROW, probabilities=[0.1, 0.2, 0.7]))


def test_embeddings_of_different_models_are_refused() -> None:
    with pytest.raises(MixedWindow, match="Embeddings of the window differ in length"):
        sample(ROW, replace(ROW, embedding=b"\x00\x3c"))


def test_a_class_told_alone_is_the_predicted_class_of_unknown_confidence() -> None:
    told = replace(ROW, probabilities=[], predicted="NEGATIVE", confidence_known=False)
    found = sample(ROW, told)

    assert (found.predicted.tolist(), found.confidence_known) == ([1, 0], False)
    assert sample(ROW).confidence_known
    with pytest.raises(MixedWindow, match="1 of 1 rows of the window do not have 2 probabilities"):
        sample(replace(told, predicted="joy"))
