"""Logged text made safe to show: cut to a stated length, invisible and reordering characters made visible."""

from __future__ import annotations

import unicodedata
from typing import Final

TEXT_LIMIT: Final = 280
WORD_LIMIT: Final = 40
_MARKS_IN_A_ROW: Final = 3


def shown(text: str, limit: int = TEXT_LIMIT) -> tuple[str, int | None]:
    """The text as it may be displayed, and its whole length in characters where it was cut (else None).

    Line breaks and tabs become spaces; other control characters become their Unicode pictures; characters
    that reorder or hide text (bidirectional overrides, zero width) and lone surrogates become their code
    point in angle brackets; stacks of combining marks are cut to three, so that no text covers another.
    The result is not HTML: the template still escapes it.
    """
    head = text[:limit]
    return "".join(_visible(head)), len(text) if len(text) > limit else None


def _visible(text: str) -> list[str]:
    pieces: list[str] = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if marks <= _MARKS_IN_A_ROW:
            pieces.append(_piece(character, category))
    return pieces


def _piece(character: str, category: str) -> str:
    if character in "\r\n\t":
        return " "
    code = ord(character)
    if category == "Cc":
        return chr(0x2400 + code) if code < 0x20 else f"⟨U+{code:04X}⟩"
    # The joiner between emoji and letters of some scripts is no disguise: taking it away would garble them.
    if category in {"Cf", "Cs", "Zl", "Zp"} and character not in "\u200c\u200d":
        return f"⟨U+{code:04X}⟩"
    return character
