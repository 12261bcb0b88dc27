"""Texts from anywhere, made fit to show."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelmonitor.report.text import TEXT_LIMIT, shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\tb\r\nc", "a b  c"),
        ("bell\x07", "bell␇"),
        ("nul\x00", "nul␀"),
        ("\x9b31m", "⟨U+009B⟩31m"),
        ("abc\u202edef", "abc⟨U+202E⟩def"),
        ("zero\u200bwidth", "zero⟨U+200B⟩width"),
        ("lone \ud800", "lone ⟨U+D800⟩"),
        ("👩\u200d💻", "👩\u200d💻"),
        ("مرحبا", "مرحبا"),
        ("e" + "\u0301" * 50, "e" + "\u0301" * 3),
    ],
)
def test_what_hides_or_reorders_text_becomes_visible(text, expected):
    assert shown(text) == (expected, None)


def test_a_megabyte_is_cut_and_its_length_told():
    text, whole = shown("x" * 1_000_000)
    assert (len(text), whole) == (TEXT_LIMIT, 1_000_000)


@given(st.text())
def test_the_result_can_always_be_encoded_and_holds_no_control_character(text):
    result, _ = shown(text)
    result.encode("utf-8")
    assert not {unicodedata.category(character) for character in result} & {"Cc", "Cs"}
