"""A text is admitted or refused with a sentence that says why."""

from __future__ import annotations

import pytest

from model_server.admission import TextLimits, check_texts
from model_server.errors import InvalidText, RequestTooLarge

LIMITS = TextLimits(chars=10, texts=3)


def test_good_texts_pass_unchanged() -> None:
    assert check_texts([" fine ", "x" * 10, "\x00"], limits=LIMITS) == [" fine ", "x" * 10, "\x00"]


@pytest.mark.parametrize(
    ("texts", "error", "problem"),
    [
        ([], InvalidText, "holds no text"),
        ([""], InvalidText, "text is empty"),
        (["  \n"], InvalidText, "text is empty"),
        ([7], InvalidText, "text must be a string, got a number"),
        ([None], InvalidText, "got null"),
        ([True], InvalidText, "got true or false"),
        ([{"a": 1}], InvalidText, "got an object"),
        ([["a"]], InvalidText, "got a list"),
        (["x" * 11], InvalidText, "text has 11 characters and 10 are allowed"),
        (["fine", ""], InvalidText, "text 1 is empty"),
        (["a"] * 4, RequestTooLarge, "holds 4 texts and 3 are allowed"),
    ],
)
def test_the_reason_of_a_refusal_is_said(texts: list[object], error: type[Exception], problem: str) -> None:
    with pytest.raises(error, match=problem):
        check_texts(texts, limits=LIMITS)
