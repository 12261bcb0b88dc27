from __future__ import annotations

from dataclasses import replace

from modelmonitor.demo.data import LabelledText
from modelmonitor.demo.settings import TrainingSettings, default_settings, training_digest

TEXTS = (LabelledText(id="1", text="a fine film", rating=2.0, label="POSITIVE"),)
SETTINGS = TrainingSettings()
SOURCES = {"vaderSentiment": "ab" * 32}


def test_the_digest_changes_with_every_text_setting_and_source():
    digests = {
        training_digest(TEXTS, SETTINGS, sources=SOURCES),
        training_digest((replace(TEXTS[0], text="a fine movie"),), SETTINGS, sources=SOURCES),
        training_digest((replace(TEXTS[0], label="NEGATIVE"),), SETTINGS, sources=SOURCES),
        training_digest(TEXTS, replace(SETTINGS, seed=8), sources=SOURCES),
        training_digest(TEXTS, SETTINGS, sources={"vaderSentiment": "cd" * 32}),
    }

    assert len(digests) == 5
    assert {len(digest) for digest in digests} == {64}


def test_the_digest_of_the_same_training_is_the_same():
    again = training_digest(list(TEXTS), TrainingSettings(), sources=dict(SOURCES))

    assert again == training_digest(TEXTS, SETTINGS, sources=SOURCES)


def test_processors_without_bfloat16_train_in_float32():
    assert default_settings(native_bfloat16=True).precision == "bfloat16"
    assert default_settings(native_bfloat16=False).precision == "float32"
