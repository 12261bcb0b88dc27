"""A sample of predictions as columns: what detectors compare, whatever it was read from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
TimeArray = npt.NDArray[np.datetime64]

UNLABELLED = -1


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Rows of the prediction log (or of a reference) as columns of equal length n.

    Attributes:
        classes: the model's class names; column j of `probabilities` belongs to `classes[j]`.
        prediction_ids: n ids, "" where a reference row was never logged.
        texts: n input texts, None where privacy settings dropped them.
        probabilities: (n, k) float32, rows sum to 1.
        embeddings: (n, d) float32 sentence embeddings, or None where the model logs none.
        predicted_at: (n,) datetime64[us] in UTC.
        labels: (n,) int64 index into `classes`, UNLABELLED (-1) where the truth is not known.
        segments: n mappings such as {"channel": "app"}; empty where no row has any.
        confidence_known: False if the model told the class alone of some row; `probabilities` then say which
            class it is and not how sure the model was.
    """

    classes: tuple[str, ...]
    prediction_ids: tuple[str, ...]
    texts: tuple[str | None, ...]
    probabilities: FloatArray
    embeddings: FloatArray | None
    predicted_at: TimeArray
    labels: IntArray
    segments: tuple[Mapping[str, str], ...] = ()
    confidence_known: bool = True

    def __post_init__(self) -> None:
        columns = {
            "texts": len(self.texts),
            "probabilities": len(self.probabilities),
            "predicted_at": len(self.predicted_at),
            "labels": len(self.labels),
            "embeddings": len(self) if self.embeddings is None else len(self.embeddings),
            "segments": len(self.segments) or len(self),
        }
        if any(length != len(self) for length in columns.values()):
            msg = f"columns of a sample must have {len(self)} rows like prediction_ids, got {columns}"
            raise ValueError(msg)

    def __len__(self) -> int:
        return len(self.prediction_ids)

    @property
    def predicted(self) -> IntArray:
        """(n,) index of the predicted class."""
        return np.asarray(self.probabilities.argmax(axis=1), dtype=np.int64)

    @property
    def confidence(self) -> FloatArray:
        """(n,) probability of the predicted class; ask `confidence_known` first."""
        return np.asarray(self.probabilities.max(axis=1), dtype=np.float32)

    @property
    def labelled(self) -> BoolArray:
        """(n,) True where the truth is known."""
        return np.asarray(self.labels != UNLABELLED)

    def take(self, rows: Sequence[int] | IntArray) -> Sample:
        """The given rows, in the given order."""
        index = np.asarray(rows, dtype=np.int64)
        return replace(
            self,
            prediction_ids=tuple(self.prediction_ids[i] for i in index),
            texts=tuple(self.texts[i] for i in index),
            probabilities=self.probabilities[index],
            embeddings=None if self.embeddings is None else self.embeddings[index],
            predicted_at=self.predicted_at[index],
            labels=self.labels[index],
            segments=tuple(self.segments[i] for i in index) if self.segments else (),
        )
