"""Scores of our detectors and of alibi-detect's with its own defaults, for the trials of a plan."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from benchmarks.drift.kept import code_digest
from modelmonitor.detect.catalogue import ENTRIES, NATIVE
from modelmonitor.detect.registry import detector
from modelmonitor.sample import Sample

Rows = npt.NDArray[np.int64]
Score = Callable[[Rows], float]
Prepare = Callable[[Sample, Rows], Score]

# A score needs no null distribution: power is compared at a threshold taken from windows without drift.
_NO_PERMUTATIONS: Final = {"max_permutations": 2}


def ours(
    everything: Sample, reference: Rows, *, name: str, params: Mapping[str, str | int], sign: float = 1.0
) -> Score:
    """The statistic of one of our native detectors with its defaults, large = drift."""
    detect, before = detector(name, backend="native", params=params), everything.take(reference)
    return lambda rows: sign * detect(before, everything.take(rows), level=0.05, seed=0).statistic


def alibi(everything: Sample, reference: Rows, *, name: str, arguments: Mapping[str, Any]) -> Score:
    """What a detector of alibi-detect compares with its threshold; raw embeddings, its own defaults."""
    warnings.simplefilter("ignore")
    logging.getLogger("alibi_detect").setLevel(logging.ERROR)
    import alibi_detect.cd as cd
    import torch

    torch.set_num_threads(1)
    embeddings = np.asarray(everything.embeddings)
    detect = getattr(cd, name)(embeddings[reference], **arguments)

    def score(rows: Rows) -> float:
        data = detect.predict(embeddings[rows])["data"]
        return -float(np.min(data["p_val"])) if name == "KSDrift" else float(data["distance"])

    return score


def classifier_arguments() -> dict[str, Any]:
    """alibi-detect names no default model: logistic regression with its example's five folds."""
    from sklearn.linear_model import LogisticRegression

    return {"model": LogisticRegression(max_iter=200), "backend": "sklearn", "n_folds": 5}


TOOLS: Final[Mapping[str, Prepare]] = {
    "mmd": partial(ours, name="mmd", params=_NO_PERMUTATIONS),
    "tfidf-similarity": partial(ours, name="tfidf-similarity", params=_NO_PERMUTATIONS, sign=-1.0),
    "mmd-fourier": partial(ours, name="mmd-fourier", params={}),
    "lsdd": partial(ours, name="lsdd", params=_NO_PERMUTATIONS),
    "classifier embedding": partial(ours, name="classifier", params=_NO_PERMUTATIONS),
    "classifier text": partial(ours, name="classifier", params={**_NO_PERMUTATIONS, "feature": "text"}),
    "alibi-detect MMD": partial(
        alibi, name="MMDDrift", arguments={"backend": "pytorch", "n_permutations": 2}
    ),
    "alibi-detect LSDD": partial(
        alibi, name="LSDDDrift", arguments={"backend": "pytorch", "n_permutations": 2}
    ),
    "alibi-detect KS": partial(alibi, name="KSDrift", arguments={}),
    "alibi-detect classifier": lambda everything, reference: alibi(
        everything, reference, name="ClassifierDrift", arguments=classifier_arguments()
    ),
}


def code_of(tool: str) -> str:
    """A digest of the code behind a tool's scores; alibi-detect's code changes only with its version."""
    modules = {entry.name: entry.module for entry in ENTRIES if entry.backend == NATIVE}
    name = tool.split(maxsplit=1)[0]
    return code_digest(modules[name]) if name in modules else "1"


def score_plan(
    everything: Sample, plan: Mapping[str, npt.NDArray[Any]], tool: str
) -> npt.NDArray[np.float64]:
    """(t,) scores of the plan's trials by one tool."""
    scores = np.empty(len(plan["windows"]))
    for number, reference in enumerate(plan["references"]):
        score = TOOLS[tool](everything, reference)
        for trial in np.flatnonzero(plan["which"] == number):
            scores[trial] = score(plan["windows"][trial])
    return scores
