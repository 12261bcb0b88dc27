"""Texts on which a faster variant of a model must agree with the exact one before it may answer anyone.

They are written for this purpose and belong to no data set. What matters is their spread, not their content:
two words to some hundred, praise, blame and both at once, so that many of them are near the model's boundary.
"""

from __future__ import annotations

import itertools
from typing import Final

_PRAISE: Final = (
    "I would buy it again tomorrow",
    "it made my whole week better",
    "everything worked on the first try",
    "the staff could not have been kinder",
    "a warm, funny and honest piece of work",
    "worth every cent",
    "fast, quiet and well made",
    "the ending moved me to tears in the best way",
)
_BLAME: Final = (
    "it broke after two days",
    "nobody answered my calls",
    "the plot falls apart in the second half",
    "I want my money back",
    "cold food, rude waiter, long wait",
    "a dull and lazy copy of better things",
    "the manual is useless and so is the device",
    "three hours that I will never get back",
)
_BETWEEN: Final = (
    "not bad",
    "it is what it is",
    "some parts are fine and others are not",
    "I expected more, yet I keep using it",
    "the colour is blue and the box is square",
    "hard to say",
    "my sister liked it more than I did",
    "neither the best nor the worst",
)
_SUBJECTS: Final = (
    "The film",
    "This phone",
    "Our hotel",
    "The new album",
    "Her second novel",
    "The update of the app",
    "The city council's plan",
    "That restaurant near the station",
)
_JOINTS: Final = (", and ", ", but ", "; still, ", ". To be fair, ", " -- ", "... ", "! ", ", although ")


def calibration_texts() -> tuple[str, ...]:
    """556 texts, the same at every call."""
    opinions = (*_PRAISE, *_BLAME, *_BETWEEN)
    short = tuple(f"{opinion[0].upper()}{opinion[1:]}." for opinion in opinions)
    single = tuple(f"{subject}: {opinion}." for subject in _SUBJECTS for opinion in opinions)
    mixed = tuple(
        f"{_SUBJECTS[i % 8]}: {first}{_JOINTS[(i + j) % 8]}{second}."
        for (i, first), (j, second) in itertools.product(enumerate(opinions[:16]), enumerate(opinions[8:]))
    )
    return (*short, *single, *mixed, *_long(opinions))


def _long(opinions: tuple[str, ...]) -> tuple[str, ...]:
    """84 texts of 3 to 8 sentences, in steps through the opinions that make each of them different."""
    return tuple(
        " ".join(
            f"{_SUBJECTS[(start + i) % 8]}, {opinions[(start + step * i) % 24]}."
            for i in range(3 + start % 6)
        )
        for step in (1, 5, 7, 11, 13, 17, 19)
        for start in range(0, 24, 2)
    )


def companions() -> tuple[str, ...]:
    """Texts put beside others to see whether they disturb them: very short, very long, and of odd letters."""
    return (
        "no",
        "!!!!!!!! ???? ####",
        " ".join(_PRAISE),
        "zzzzz qqqqq xxxxx 00000 99999",
        "\u0416\u0416\u0416 \u65e5\u672c\u8a9e \U0001f600\U0001f600",
        "good good good good good good",
    )
