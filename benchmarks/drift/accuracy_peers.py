"""Accuracy estimated by nannyml's CBPE for the windows of a plan; runs in the peers' environment.

peers/bin/python accuracy_peers.py PLAN.npz ESTIMATES.npy
"""

from __future__ import annotations

import os
import sys
import warnings

os.environ["DO_NOT_TRACK"] = "1"
os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
warnings.simplefilter("ignore")

import numpy as np  # noqa: E402 - telemetry is switched off first

COLUMNS = ("value", "lower_confidence_boundary", "upper_confidence_boundary")


def frame(arrays: dict[str, np.ndarray], rows: np.ndarray):  # noqa: ANN201 - pandas is imported late
    """Rows as nannyml wants them: probability of class 1, predicted class, truth."""
    import pandas as pd

    positive = arrays["probabilities"][rows, 1].astype(np.float64)
    predicted = (positive > 0.5).astype(int)
    return pd.DataFrame({"proba": positive, "predicted": predicted, "truth": arrays["labels"][rows]})


def main(plan: str, target: str) -> None:
    """Fit on every reference, then estimate its windows as one chunk each."""
    from nannyml import CBPE

    with np.load(plan) as stored:
        arrays = dict(stored)
    windows, found = arrays["windows"], []
    for reference, own in zip(
        arrays["references"], np.split(windows, len(arrays["references"])), strict=True
    ):
        estimator = CBPE(
            y_pred_proba="proba",
            y_pred="predicted",
            y_true="truth",
            metrics=["accuracy"],
            problem_type="classification_binary",
            chunk_size=windows.shape[1],
        )
        estimator.fit(frame(arrays, reference))
        analysis = frame(arrays, own.ravel()).drop(columns="truth")
        result = estimator.estimate(analysis).filter(period="analysis").to_df()
        found.append(result["accuracy"][list(COLUMNS)].to_numpy(dtype=float))
    np.save(target, np.concatenate(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
