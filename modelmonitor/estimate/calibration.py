"""Estimators of accuracy from confidence, calibrated on a labelled reference."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from modelmonitor.sample import BoolArray, FloatArray, Sample

DoubleArray = npt.NDArray[np.float64]

_SMALLEST_PROBABILITY = 1e-6
_SHARPNESS_BOUNDS = (0.01, 10.0)


def correct(sample: Sample) -> BoolArray:
    """(n,) True where the prediction agrees with the label; meaningful on labelled rows only."""
    agree: BoolArray = sample.predicted == sample.labels
    return agree


def temperature_scaled(reference: Sample, window: Sample) -> DoubleArray:
    """(n,) confidence of the window's rows after temperature scaling on the labelled reference.

    Source: Guo et al., On calibration of modern neural networks, ICML 2017, section 4.2.
    """
    from scipy.optimize import minimize_scalar

    rows = np.arange(len(reference))

    def loss(sharpness: float) -> float:
        return -float(_log_softmax(reference.probabilities, sharpness)[rows, reference.labels].mean())

    best = float(minimize_scalar(loss, bounds=_SHARPNESS_BOUNDS, method="bounded").x)
    confidence: DoubleArray = np.exp(_log_softmax(window.probabilities, best)).max(axis=1)
    return confidence


def isotonic(reference: Sample, window: Sample) -> DoubleArray:
    """(n,) probability that each row of the window is right, by isotonic regression of the reference.

    Source: Zadrozny & Elkan, Transforming classifier scores into accurate multiclass probability estimates,
    KDD 2002.
    """
    from sklearn.isotonic import IsotonicRegression

    fitted = IsotonicRegression(out_of_bounds="clip", y_min=0.0, y_max=1.0).fit(
        reference.confidence.astype(np.float64), correct(reference).astype(np.float64)
    )
    probability: DoubleArray = fitted.predict(window.confidence.astype(np.float64))
    return probability


def threshold_confidence(reference: Sample, window: Sample) -> float:
    """Average thresholded confidence: the share of the window above a threshold learned on the reference.

    The threshold is the confidence that as large a share of the reference exceeds as is right there.
    Source: Garg et al., Leveraging unlabeled data to predict out-of-distribution performance, ICLR 2022.
    """
    wrong = int(np.count_nonzero(~correct(reference)))
    ascending = np.sort(reference.confidence)
    threshold = ascending[wrong] if wrong < len(ascending) else np.inf
    return float((window.confidence >= threshold).mean())


def difference_of_confidences(reference: Sample, window: Sample) -> float:
    """Accuracy on the reference minus the fall of mean confidence (DoC), cut to 0 to 1.

    Source: Guillory et al., Predicting with confidence on unseen distributions, ICCV 2021.
    """
    fall = float(reference.confidence.mean() - window.confidence.mean())
    return float(np.clip(correct(reference).mean() - fall, 0.0, 1.0))


def _log_softmax(probabilities: FloatArray, sharpness: float) -> DoubleArray:
    logits = sharpness * np.log(np.maximum(probabilities.astype(np.float64), _SMALLEST_PROBABILITY))
    logits -= logits.max(axis=1, keepdims=True)
    normalised: DoubleArray = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return normalised
