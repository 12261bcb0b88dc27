"""Which words a window uses more, or less, than the reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

DoubleArray = npt.NDArray[np.float64]

WORD = r"(?u)\b\w\w+\b"
_FEWEST_TEXTS = 3
_PRIOR_SHARE = 0.1
_FALSE_DISCOVERY_RATE = 0.05


@dataclass(frozen=True, slots=True)
class WordShift:
    """A word whose use changed.

    Attributes:
        word: lower case.
        z_score: positive where the window uses it more; standard deviations from "no change".
        reference_texts: reference texts that contain it.
        window_texts: window texts that contain it.
        reference_share: the same as a share of the reference texts, 0 to 1.
        window_share: the same as a share of the window texts, 0 to 1.
    """

    word: str
    z_score: float
    reference_texts: int
    window_texts: int
    reference_share: float
    window_share: float


def changed_words(reference: Sequence[str], window: Sequence[str], *, top: int = 20) -> tuple[WordShift, ...]:
    """Words whose share of texts differs, the surest first; empty where no word differs for certain.

    Log-odds with an informative Dirichlet prior (Monroe, Colaresi & Quinn, Fightin' Words, Political
    Analysis 2008, section 3.3) on texts instead of tokens, so that one text that repeats a word counts
    once. Words in fewer than three texts are left out; 5 % of the words returned are expected to be wrong
    (Benjamini & Hochberg 1995).

    Args:
        reference: texts of the reference.
        window: texts of the window.
        top: at most so many words.
    """
    words, counts = _text_counts(reference, window)
    if not words:
        return ()
    z_scores = log_odds_z(counts, np.array([len(reference), len(window)]))
    sure = _discoveries(z_scores)
    order = sorted(np.flatnonzero(sure), key=lambda i: (-abs(z_scores[i]), words[i]))[:top]
    return tuple(
        WordShift(
            word=words[i],
            z_score=float(z_scores[i]),
            reference_texts=int(counts[0, i]),
            window_texts=int(counts[1, i]),
            reference_share=float(counts[0, i] / len(reference)),
            window_share=float(counts[1, i] / len(window)),
        )
        for i in order
    )


def _text_counts(reference: Sequence[str], window: Sequence[str]) -> tuple[list[str], DoubleArray]:
    """The words and, for reference and window, (2, v) numbers of texts that contain each."""
    from sklearn.feature_extraction.text import CountVectorizer

    vectorizer = CountVectorizer(binary=True, token_pattern=WORD)
    try:
        matrix = vectorizer.fit_transform([*reference, *window]).tocsr()
    except ValueError:
        return [], np.empty((2, 0))
    counts = np.stack(
        [
            np.asarray(part.sum(axis=0), dtype=np.float64).ravel()
            for part in (matrix[: len(reference)], matrix[len(reference) :])
        ]
    )
    frequent = counts.sum(axis=0) >= _FEWEST_TEXTS
    return list(vectorizer.get_feature_names_out()[frequent]), counts[:, frequent]


def log_odds_z(counts: DoubleArray, texts: npt.NDArray[np.int64]) -> DoubleArray:
    """(v,) difference of the log-odds that a text contains the word, in standard deviations.

    Args:
        counts: (2, v) texts of reference and window that contain each word.
        texts: (2,) texts of reference and window.
    """
    prior_texts = _PRIOR_SHARE * texts.sum()
    prior = prior_texts * counts.sum(axis=0) / texts.sum()
    with_word = counts + prior
    without = np.maximum(texts[:, None] - counts + prior_texts - prior, 0.5)
    log_odds = np.log(with_word) - np.log(without)
    variance = (1.0 / with_word + 1.0 / without).sum(axis=0)
    z_scores: DoubleArray = (log_odds[1] - log_odds[0]) / np.sqrt(variance)
    return z_scores


def _discoveries(z_scores: DoubleArray) -> npt.NDArray[np.bool_]:
    """True for the words that Benjamini and Hochberg's procedure calls changed."""
    from scipy.stats import false_discovery_control, norm

    p_values = 2.0 * norm.sf(np.abs(z_scores))
    changed: npt.NDArray[np.bool_] = false_discovery_control(p_values) <= _FALSE_DISCOVERY_RATE
    return changed
