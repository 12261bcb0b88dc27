"""References: saved whole, numbered, never changed, and named when they are missing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from modelmonitor.sample import UNLABELLED, Sample
from modelmonitor.store.connection import connect
from modelmonitor.store.errors import ReferenceExists, ReferenceMissing
from modelmonitor.store.references import NEXT_VERSION, Reference, load_reference, save_reference

SAMPLE = Sample(
    classes=("NEGATIVE", "POSITIVE"),
    prediction_ids=("", "0198f0a0-0000-7000-8000-000000000001"),
    texts=("a dull film\x00", None),
    probabilities=np.array([[0.75, 0.25], [0.1, 0.9]], dtype=np.float32),
    embeddings=np.array([[0.5, 1.0], [2.0, -4.0]], dtype=np.float32),
    predicted_at=np.array(["2026-03-04T12:00:00.000001", "2026-03-05T00:00:00"], dtype="datetime64[us]"),
    labels=np.array([0, UNLABELLED]),
    segments=({"channel": "app"}, {}),
)
REFERENCE = Reference(
    name="movie-reviews",
    version=NEXT_VERSION,
    model_name="sentiment",
    model_version="3",
    created_at=datetime(2026, 3, 6, tzinfo=UTC),
    origin="data set movie-reviews",
    sample=SAMPLE,
)


def plain(reference: Reference) -> tuple[object, ...]:
    sample = reference.sample
    embeddings = None if sample.embeddings is None else sample.embeddings.tolist()
    return (
        replace(reference, sample=SAMPLE),
        (sample.classes, sample.prediction_ids, sample.texts, embeddings),
        (
            sample.probabilities.tolist(),
            sample.predicted_at.tolist(),
            sample.labels.tolist(),
            sample.segments,
        ),
    )


def test_a_reference_comes_back_as_it_was_saved_but_for_text_that_cannot_be_stored(conn) -> None:
    saved = save_reference(conn, REFERENCE)
    assert saved.version == 1
    stored = replace(saved, sample=replace(SAMPLE, texts=("a dull film\ufffd", None)))
    assert plain(load_reference(conn, name="movie-reviews", model_name="sentiment")) == plain(stored)


def test_a_reference_without_embeddings_has_none_when_loaded(conn) -> None:
    save_reference(conn, replace(REFERENCE, sample=replace(SAMPLE, embeddings=None)))
    assert load_reference(conn, name="movie-reviews", model_name="sentiment").sample.embeddings is None


def test_versions_count_up_for_each_model_and_the_latest_is_loaded_by_default(conn) -> None:
    versions = [save_reference(conn, REFERENCE).version for _ in range(3)]
    other = save_reference(conn, replace(REFERENCE, model_name="toxicity")).version
    assert (versions, other) == ([1, 2, 3], 1)
    assert load_reference(conn, name="movie-reviews", model_name="sentiment").version == 3
    assert load_reference(conn, name="movie-reviews", model_name="sentiment", version=2).version == 2


def test_references_built_at_the_same_time_get_versions_of_their_own(database_url: str) -> None:
    def save(_: int) -> int:
        with closing(connect(database_url, application_name="tests")) as mine:
            return save_reference(mine, REFERENCE).version

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(save, range(6))) == [1, 2, 3, 4, 5, 6]


def test_a_saved_version_is_never_overwritten(conn) -> None:
    save_reference(conn, replace(REFERENCE, version=7))
    with pytest.raises(
        ReferenceExists, match="movie-reviews of model sentiment has a version 7: save it as the next"
    ):
        save_reference(conn, replace(REFERENCE, version=7))


def test_a_missing_reference_names_those_that_exist(conn) -> None:
    save_reference(conn, REFERENCE)
    with pytest.raises(ReferenceMissing, match=r"Reference imdb does not exist .* \(it has: movie-reviews\)"):
        load_reference(conn, name="imdb", model_name="sentiment")
    with pytest.raises(ReferenceMissing, match="Version 9 of reference movie-reviews does not exist"):
        load_reference(conn, name="movie-reviews", model_name="sentiment", version=9)
    with pytest.raises(ReferenceMissing, match=r"for model toxicity \(it has: none\)"):
        load_reference(conn, name="movie-reviews", model_name="toxicity")
