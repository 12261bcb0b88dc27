"""Scores of evidently, nannyml and frouros for the trials of a plan; runs in the peers' environment.

    peers/bin/python power_peers.py PLAN.npz TOOL SCORES.npy

Each score is the number that the tool compares with its threshold, so that every tool can be held to the same
rate of false alarms.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from functools import partial

os.environ["DO_NOT_TRACK"] = "1"
os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
warnings.simplefilter("ignore")

import numpy as np  # noqa: E402 - telemetry is switched off first

COMPONENTS = 32
Score = Callable[[np.ndarray], float]
Prepare = Callable[["Texts", np.ndarray, int], Score]


class Texts:
    """Texts and embeddings of all domains, one after the other."""

    def __init__(self, stored: dict[str, np.ndarray]) -> None:
        self.texts = stored["texts"]
        self.embeddings = stored["embeddings"].astype(np.float32)


def evidently_text(data: Texts, reference: np.ndarray, _: int) -> Score:
    """AUC of evidently's domain classifier on TF-IDF, as its text drift test computes it."""
    import pandas as pd
    from evidently.legacy.utils.data_drift_utils import calculate_text_drift_score

    before = pd.Series(data.texts[reference])
    return lambda rows: float(
        calculate_text_drift_score(before, pd.Series(data.texts[rows]), bootstrap=False)[0]
    )


def evidently_model(data: Texts, reference: np.ndarray, _: int) -> Score:
    """AUC of evidently's domain classifier on embeddings (`model`)."""
    import pandas as pd
    from evidently.legacy.metrics.data_drift.embedding_drift_methods import model

    method = model(bootstrap=False)
    return lambda rows: float(
        method(pd.DataFrame(data.embeddings[rows]), pd.DataFrame(data.embeddings[reference]))[0]
    )


def nannyml_classifier(data: Texts, reference: np.ndarray, n: int) -> Score:
    """Cross-validated AUC of nannyml's LightGBM domain classifier, one chunk of the window's size.

    On the reference's leading principal components: five fits on all 384 columns take five seconds a window.
    """
    import pandas as pd
    from nannyml import DomainClassifierCalculator
    from sklearn.decomposition import PCA

    before = data.embeddings[reference]
    names = [f"e{column}" for column in range(COMPONENTS)]
    reduced = PCA(COMPONENTS, random_state=0).fit(before)
    calculator = DomainClassifierCalculator(feature_column_names=names, chunk_size=n)
    calculator.fit(pd.DataFrame(reduced.transform(before), columns=names))

    def score(rows: np.ndarray) -> float:
        frame = pd.DataFrame(reduced.transform(data.embeddings[rows]), columns=names)
        result = calculator.calculate(frame).filter(period="analysis").to_df()
        return float(result["domain_classifier_auroc"]["value"].iloc[0])

    return score


def frouros_mmd(data: Texts, reference: np.ndarray, _: int) -> Score:
    """Frouros' MMD with the median bandwidth, as its default of 1 sees nothing in 384 dimensions."""
    from frouros.detectors.data_drift import MMD
    from frouros.utils.kernels import rbf_kernel
    from scipy.spatial.distance import pdist

    before = data.embeddings[reference]
    detector = MMD(kernel=partial(rbf_kernel, sigma=float(np.median(pdist(before[:500])) / np.sqrt(2))))
    detector.fit(X=before)
    return lambda rows: float(detector.compare(X=data.embeddings[rows])[0].distance)


TOOLS: dict[str, Prepare] = {
    "evidently text": evidently_text,
    "evidently model": evidently_model,
    "nannyml classifier": nannyml_classifier,
    "frouros mmd": frouros_mmd,
}


def main(plan: str, tool: str, target: str) -> None:
    """Score every trial of the plan with one tool."""
    with np.load(plan) as stored:
        arrays = dict(stored)
    data, references = Texts(arrays), arrays["references"]
    windows, which = arrays["windows"], arrays["which"]
    scores = np.empty(len(windows))
    for number, reference in enumerate(references):
        score = TOOLS[tool](data, reference, windows.shape[1])
        for trial in np.flatnonzero(which == number):
            scores[trial] = score(windows[trial])
    np.save(target, scores)


if __name__ == "__main__":
    main(*sys.argv[1:])
