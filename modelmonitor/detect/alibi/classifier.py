"""`ClassifierDrift` (sklearn) with the same ridge classifier on the same rows as our own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from modelmonitor.detect import classifier
from modelmonitor.detect.alibi import load_alibi, predict, seeded
from modelmonitor.detect.catalogue import ALIBI
from modelmonitor.detect.finding import Finding
from modelmonitor.sample import FloatArray, Sample

MAX_ROWS = 2000
SMALLEST_P_VALUE = 1e-12


@dataclass(frozen=True, slots=True)
class AlibiDomainClassifier:
    """`ClassifierDrift` by its sklearn backend, half of the rows to learn from and half to test on.

    With its folds, every row is scored by a classifier that saw the others' labels, and its
    Kolmogorov-Smirnov test, which takes the scores for independent, does not keep its level. On one held-out
    half they are independent given the classifier, and it does.

    Attributes:
        feature: "embedding", or "text" for the TF-IDF vectors of the texts.
        max_rows: rows used of each sample, a seeded uniform subset of more.
    """

    feature: classifier.Feature = "embedding"
    max_rows: int = MAX_ROWS

    def __call__(self, reference: Sample, window: Sample, *, level: float, seed: int) -> Finding:
        """Compare two samples; `statistic` is the AUC of the held-out scores, the p-value of their KS test.

        Raises:
            MissingBackend: alibi-detect is not installed.
            MissingColumn: a sample has no embeddings or texts.
            NothingToCompare: no word occurs in two texts.
        """
        from sklearn.linear_model import RidgeClassifier

        alibi = load_alibi()
        sides = classifier.described(
            reference, window, feature=self.feature, max_rows=self.max_rows, seed=seed
        )
        rows = sum(map(len, sides))
        with seeded(seed):
            detector = alibi.ClassifierDrift(
                sides[0],
                model=RidgeClassifier(alpha=classifier.RIDGE * rows / 2),
                backend="sklearn",
                preds_type="scores",
                p_val=level,
                train_size=0.5,
            )
            data = predict(detector, sides[1])
        return classifier.finding(
            _area(data["probs_ref"], data["probs_test"]),
            feature=self.feature,
            backend=ALIBI,
            sizes=(len(sides[0]), len(sides[1])),
            p_value=float(np.clip(data["p_val"], SMALLEST_P_VALUE, 1.0)),
            parameters={"train_size": "0.5", "ridge": str(classifier.RIDGE), "seed": str(seed)},
            smallest_p_value=SMALLEST_P_VALUE,
            significant_effect=None,
        )


def _area(reference: FloatArray, window: FloatArray) -> float:
    scores = np.concatenate([reference, window])[:, None]
    positive: npt.NDArray[np.bool_] = (np.arange(len(scores)) >= len(reference))[:, None]
    return float(classifier.area_under_curve(scores, positive)[0])
