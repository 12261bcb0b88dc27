from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from modelmonitor.demo.classifier import load_encoder, native_bfloat16
from modelmonitor.demo.evaluate import measure
from modelmonitor.demo.train import fine_tune

from .conftest import TINY_SETTINGS


def trained(encoder, opinions, settings=TINY_SETTINGS, observe=lambda _: None):
    classifier = load_encoder(encoder, settings)
    steps = fine_tune(classifier, opinions, settings=settings, observe=observe)
    return classifier, steps


def test_training_learns_what_the_texts_say(tiny_encoder, opinions):
    classifier, steps = trained(tiny_encoder, opinions)

    quality = measure(opinions, classifier.probabilities([text.text for text in opinions]))

    assert quality.accuracy == 1.0
    assert steps[-1].loss < steps[0].loss / 2


def test_every_step_is_told_as_it_ends(tiny_encoder, opinions):
    seen = []

    _, steps = trained(tiny_encoder, opinions, observe=seen.append)

    assert tuple(seen) == steps
    assert [step.number for step in steps] == list(range(1, 81))
    assert {step.total for step in steps} == {80}


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_same_settings_give_the_same_model_and_another_seed_another(tiny_encoder, opinions, precision):
    settings = replace(TINY_SETTINGS, precision=precision)
    texts = ["a good story", "the long dull film"]

    first, again, other = (
        trained(tiny_encoder, opinions, chosen)[0].probabilities(texts)
        for chosen in (settings, settings, replace(settings, seed=8))
    )

    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_frozen_layers_and_embeddings_keep_their_weights(tiny_encoder, opinions):
    settings = replace(TINY_SETTINGS, frozen_layers=1)
    before = load_encoder(tiny_encoder, settings).model.base_model.state_dict()

    after = trained(tiny_encoder, opinions, settings)[0].model.base_model.state_dict()

    changed = {name.split(".")[0] for name in before if not before[name].equal(after[name])}
    assert changed == {"pooler"}


def test_the_saved_folder_is_a_hugging_face_model_with_label_names(tiny_encoder, opinions, tmp_path):
    classifier, _ = trained(tiny_encoder, opinions)
    classifier.save(tmp_path)

    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    model = AutoModelForSequenceClassification.from_pretrained(tmp_path)
    logits = model(**tokenizer(["a great film"], return_tensors="pt")).logits

    assert json.loads((tmp_path / "config.json").read_text())["id2label"] == {
        "0": "NEGATIVE",
        "1": "POSITIVE",
    }
    assert logits.softmax(-1).detach().numpy() == pytest.approx(
        classifier.probabilities(["a great film"]), abs=1e-5
    )


def test_texts_of_different_length_get_the_answer_they_get_alone(tiny_encoder, opinions):
    classifier, _ = trained(tiny_encoder, opinions)
    texts = ["good", "the long and dull story and the long and bad film", "a film"]

    together = classifier.probabilities(texts)

    alone = np.concatenate([classifier.probabilities([text]) for text in texts])
    assert together == pytest.approx(alone, abs=1e-5)
    assert together.sum(axis=1) == pytest.approx(np.ones(3), abs=1e-5)


def test_this_processor_says_whether_it_has_bfloat16():
    assert native_bfloat16() in (True, False)
