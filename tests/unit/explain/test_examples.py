from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modelmonitor.explain.examples import TellingExamples, telling_examples


@pytest.fixture
def two_samples(make_sample):
    """A reference of topics a and b, a window of a and c; each topic is a cloud of embeddings."""
    centres = {"a": 0, "b": 1, "c": 2}

    def side(topics: str, seed: int):
        generator = np.random.default_rng(seed)
        embeddings = generator.normal(scale=0.5, size=(len(topics), 6))
        embeddings[np.arange(len(topics)), [centres[topic] for topic in topics]] += 4
        return make_sample(
            texts=[f"{topic} number {i}" for i, topic in enumerate(topics)],
            positive=generator.random(len(topics)),
            labels=[-1] * len(topics),
            embeddings=embeddings,
        )

    return side("a" * 60 + "b" * 60, 1), side("a" * 60 + "c" * 60, 2)


def test_typical_texts_are_the_new_topic_and_vanished_ones_the_lost_topic(two_samples):
    found = telling_examples(*two_samples, count=4, seed=0)
    assert {example.text[0] for example in found.typical} == {"c"}
    assert {example.text[0] for example in found.vanished} == {"b"}
    assert all(example.witness > 0 for example in (*found.typical, *found.vanished))


def test_the_order_of_the_rows_does_not_matter(two_samples):
    reference, window = two_samples
    shuffled = window.take(np.random.default_rng(0).permutation(len(window)))
    assert telling_examples(reference, shuffled, seed=0) == telling_examples(reference, window, seed=0)


def test_the_same_text_is_shown_once(two_samples):
    reference, window = two_samples
    repeated = replace(window, texts=tuple("C  number" if text[0] == "c" else text for text in window.texts))
    texts = [example.text for example in telling_examples(reference, repeated, count=3, seed=0).typical]
    assert texts.count("C  number") == 1


def test_an_example_carries_its_prediction(two_samples):
    reference, window = two_samples
    example = telling_examples(reference, window, count=1, seed=0).typical[0]
    row = window.prediction_ids.index(example.prediction_id)
    assert (example.text, example.predicted, example.confidence) == (
        window.texts[row],
        window.classes[window.predicted[row]],
        pytest.approx(window.confidence[row]),
    )


def test_dropped_texts_give_no_examples(two_samples):
    reference, window = two_samples
    assert telling_examples(
        reference, replace(window, texts=(None,) * len(window)), seed=0
    ) == TellingExamples((), ())


def test_few_texts_give_few_examples(two_samples):
    reference, window = two_samples
    assert len(telling_examples(reference, window.take([0, 70, 80]), count=10, seed=0).typical) == 3
