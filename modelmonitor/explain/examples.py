"""Which texts are typical of the window, and which of the reference have vanished."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelmonitor.detect import columns, kernel
from modelmonitor.sample import FloatArray, Sample

_MAX_ROWS = 2000
_COMPONENTS = 32
_DIVERSITY = 0.5


@dataclass(frozen=True, slots=True)
class Example:
    """One text that shows the difference.

    Attributes:
        text: as it was logged.
        prediction_id: its row, "" where it was never logged.
        predicted: the class that the model gave it.
        confidence: of the prediction, 0 to 1; None where the model told the class alone.
        witness: how much more alike it is to its own sample than to the other, in kernel units (0 = equally).
    """

    text: str
    prediction_id: str
    predicted: str
    confidence: float | None
    witness: float


@dataclass(frozen=True, slots=True)
class TellingExamples:
    """Texts that show the difference, the most telling first.

    Attributes:
        typical: of the window: what is new in it.
        vanished: of the reference: what the window lacks.
    """

    typical: tuple[Example, ...]
    vanished: tuple[Example, ...]


def telling_examples(reference: Sample, window: Sample, *, count: int = 5, seed: int) -> TellingExamples:
    """Choose texts by the witness function of the maximum mean discrepancy, and keep them diverse.

    The witness of z is the mean kernel value of z with its own sample minus that with the other (Gretton et
    al., A kernel two-sample test, JMLR 13 (2012), section 2.3). Each next text trades a large witness
    against likeness to those already chosen (maximal marginal relevance, Carbonell & Goldstein 1998). The
    same text is chosen once.

    Args:
        reference: rows with embeddings and texts; at most 2,000 are looked at.
        window: rows with embeddings and texts; at most 2,000 are looked at.
        count: how many of each kind.
        seed: of the subset of a larger sample.

    Raises:
        MissingColumn: a sample has no embeddings.
    """
    old, new = _subset(reference, side="reference", seed=seed), _subset(window, side="window", seed=seed)
    if not len(old) or not len(new):
        return TellingExamples((), ())
    n = len(old)
    pooled = kernel.whitened(_pooled_embeddings(old, new), components=_COMPONENTS)
    gram = kernel.gaussian_gram(pooled, sigma=kernel.median_bandwidth(pooled, seed=seed))
    witness = gram[:, n:].mean(axis=1) - gram[:, :n].mean(axis=1)
    return TellingExamples(
        typical=_diverse(new, witness[n:], gram[n:, n:], count=count),
        vanished=_diverse(old, -witness[:n], gram[:n, :n], count=count),
    )


def _subset(sample: Sample, *, side: str, seed: int) -> Sample:
    """At most 2,000 rows with text and embedding, in an order that does not depend on how they arrived."""
    embedded = columns.embedded_rows(sample, side=side)
    kept = sorted((sample.texts[i] or "", sample.prediction_ids[i], i) for i in embedded if sample.texts[i])
    chosen = columns.chosen_rows(len(kept), at_most=_MAX_ROWS, seed=seed)
    return sample.take([kept[i][2] for i in chosen])


def _pooled_embeddings(*samples: Sample) -> FloatArray:
    return np.concatenate([np.asarray(sample.embeddings, dtype=np.float32) for sample in samples])


def _diverse(sample: Sample, witness: FloatArray, gram: FloatArray, *, count: int) -> tuple[Example, ...]:
    """The `count` rows with the largest witness that are not alike."""
    texts = np.array([" ".join((text or "").lower().split()) for text in sample.texts])
    merit = (witness - witness.min()) / (float(np.ptp(witness)) or 1.0)
    alike = np.zeros(len(sample), dtype=np.float32)
    chosen: list[int] = []
    for _ in range(min(count, len(set(texts)))):
        best = int(np.argmax(merit - _DIVERSITY * alike))
        chosen.append(best)
        alike = np.maximum(alike, gram[best])
        merit[texts == texts[best]] = -np.inf
    return tuple(example_of(sample, row, witness=float(witness[row])) for row in chosen)


def example_of(sample: Sample, row: int, *, witness: float = 0.0) -> Example:
    """One row as an example."""
    return Example(
        text=sample.texts[row] or "",
        prediction_id=sample.prediction_ids[row],
        predicted=sample.classes[int(sample.predicted[row])],
        confidence=float(sample.confidence[row]) if sample.confidence_known else None,
        witness=witness,
    )
