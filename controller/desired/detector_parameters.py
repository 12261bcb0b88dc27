"""Parameters that detectors take, for the admission webhook: the detectors themselves need the ML stack.

A test compares this table with the detectors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Final

from modelmonitor.api.checks import Detector

# A tuple holds the words that a parameter takes; None stands for a whole number.
Choices = tuple[str, ...] | None

_FEATURE: Final[Choices] = ("confidence", "probabilities")
_CONTENT: Final[Choices] = ("embedding", "text")
_PERMUTATIONS: Final[Mapping[str, Choices]] = {"components": None, "max_rows": None, "max_permutations": None}

PARAMETERS: Final[Mapping[tuple[str, str], Mapping[str, Choices]]] = {
    ("ks", "native"): {"feature": _FEATURE},
    ("ks", "alibi-detect"): {"feature": _FEATURE},
    ("cramer-von-mises", "native"): {"feature": _FEATURE},
    ("cramer-von-mises", "alibi-detect"): {"feature": _FEATURE},
    ("chi-square", "native"): {},
    ("chi-square", "alibi-detect"): {},
    ("mmd", "native"): _PERMUTATIONS,
    ("mmd", "alibi-detect"): _PERMUTATIONS,
    ("mmd-fourier", "native"): {"components": None, "frequencies": None},
    ("lsdd", "native"): _PERMUTATIONS,
    ("lsdd", "alibi-detect"): _PERMUTATIONS,
    ("context-mmd", "native"): _PERMUTATIONS,
    ("context-mmd", "alibi-detect"): _PERMUTATIONS,
    ("classifier", "native"): {"feature": _CONTENT, "max_rows": None, "max_permutations": None},
    ("classifier", "alibi-detect"): {"feature": _CONTENT, "max_rows": None},
    ("tfidf-similarity", "native"): {
        "analyzer": ("word", "char"),
        "max_rows": None,
        "max_permutations": None,
    },
}


def parameter_problems(detector: Detector) -> Iterator[str]:
    """What is wrong with a detector's parameters, each a sentence with the fix."""
    known = PARAMETERS.get((detector.name, detector.chosen_backend))
    if known is None:
        return
    for name, value in detector.params.items():
        if name not in known:
            yield f"{name} is no parameter of {detector.name}: {_hint(name, known)}"
        else:
            yield from _value_problems(name, value, known[name])


def _value_problems(name: str, value: int | str, choices: Choices) -> Iterator[str]:
    if choices is not None and str(value) not in choices:
        yield f"{name} is {value!r}: write one of {', '.join(choices)}"
    if choices is None and not str(value).isdigit():
        yield f"{name} is {value!r}: write a whole number"


def _hint(name: str, known: Mapping[str, Choices]) -> str:
    if not known:
        return "it has none, leave params out"
    nearest = get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean {nearest[0]}?" if nearest else f"choose one of {', '.join(known)}"
