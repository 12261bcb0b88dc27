"""Windows of more rows than a sample holds: every row counts where a test can use it, in bounded memory."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from modelmonitor.detect.catalogue import EVERY_ROW, Detector
from modelmonitor.detect.finding import Finding
from modelmonitor.detect.fourier import FourierMap, RffSums
from modelmonitor.detect.mmd_fourier import FourierMeanDiscrepancy
from modelmonitor.sample import UNLABELLED, Sample, TimeArray
from modelmonitor.store.bulk import Question, Rows, confidence_is_known, stream_rows

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812

SAMPLE_ROWS: Final = 10_000
"""Rows that are read with text and embedding; `tfidf-similarity` and all smaller tests take no more."""


@dataclass(frozen=True, slots=True, eq=False)
class Bulk:
    """All rows of a part of a window, as far as tests need them.

    Attributes:
        columns: the rows without ids, texts and embeddings.
        sums: by detector, the map of its features and their sums over the rows.
        digest: SHA-256 over ids and class probabilities, whatever the order of the rows.
    """

    columns: Sample
    sums: Mapping[FourierMeanDiscrepancy, tuple[FourierMap, RffSums]]
    digest: str


def find(
    detector: Detector,
    name: str,
    *,
    reference: Sample,
    sample: Sample,
    bulk: Bulk | None,
    level: float,
    seed: int,
) -> Finding:
    """What a detector says of a part of a window: of all its rows if it can use them, else of the sample.

    Raises:
        DetectionError: as the detector.
    """
    if bulk is None or name not in EVERY_ROW:
        return detector(reference, sample, level=level, seed=seed)
    if isinstance(detector, FourierMeanDiscrepancy) and detector in bulk.sums:
        feature_map, sums = bulk.sums[detector]
        return detector.compare_sums(reference, sums, feature_map, level=level, seed=seed)
    return detector(reference, bulk.columns, level=level, seed=seed)


def read_bulk(
    conn: Connection,
    question: Question,
    *,
    starts: Sequence[np.datetime64],
    classes: tuple[str, ...],
    maps: Mapping[FourierMeanDiscrepancy, FourierMap],
) -> list[Bulk]:
    """Read all rows of a window once, for the whole window and each of its newer parts.

    Args:
        conn: any connection.
        question: which rows.
        starts: first moment of each part, ascending; all parts end with the window.
        classes: names of the classes.
        maps: features that the detectors need summed.

    Raises:
        MixedWindow: rows with another number of classes or another length of embedding.
    """
    reading = _Reading(np.array(starts), maps)
    with ThreadPoolExecutor(1) as pool:
        # Sums of one chunk are computed while the next is read; never more than two are held.
        pending: list[Future[None]] = []

        def take(rows: Rows) -> None:
            if pending:
                pending.pop().result()
            pending.append(pool.submit(reading.add, rows))

        stream_rows(conn, question, take)
        if pending:
            pending.pop().result()
    return reading.parts(classes, confidence_known=confidence_is_known(conn, question))


class _Reading:
    """What is kept of the rows that were read so far."""

    def __init__(self, starts: TimeArray, maps: Mapping[FourierMeanDiscrepancy, FourierMap]) -> None:
        self._starts = starts
        self._maps = maps
        self._chunks: list[Rows] = []
        self._sums = [{detector: RffSums.empty(maps[detector].size) for detector in maps} for _ in starts]

    def add(self, rows: Rows) -> None:
        """Sum the features of a chunk by the stretch between two starts that each row falls into."""
        self._chunks.append(Rows(rows.ids.copy(), rows.predicted_at, rows.probabilities, None))
        if rows.embeddings is None or not self._maps:
            return
        stretch = np.searchsorted(self._starts, rows.predicted_at, side="right") - 1
        embeddings = rows.embeddings.astype(np.float32)
        finite = np.isfinite(embeddings.sum(axis=1))
        for number in np.unique(stretch):
            chosen = finite & (stretch == number)
            own = embeddings if chosen.all() else embeddings[chosen]
            for detector, feature_map in self._maps.items():
                sums = self._sums[number]
                sums[detector] = sums[detector].accumulate(feature_map.features(own))

    def parts(self, classes: tuple[str, ...], *, confidence_known: bool) -> list[Bulk]:
        """The whole window, then its newer parts."""
        ids = np.concatenate([rows.ids for rows in self._chunks])
        at = np.concatenate([rows.predicted_at for rows in self._chunks])
        probabilities = np.concatenate([rows.probabilities for rows in self._chunks])
        found = []
        for number, start in enumerate(self._starts):
            chosen = at >= start
            found.append(
                Bulk(
                    columns=replace(
                        _columns(classes, probabilities[chosen], at[chosen]),
                        confidence_known=confidence_known,
                    ),
                    sums=self._sums_from(number),
                    digest=_digest(ids[chosen], probabilities[chosen]),
                )
            )
        return found

    def _sums_from(self, number: int) -> dict[FourierMeanDiscrepancy, tuple[FourierMap, RffSums]]:
        merged = {}
        for detector, feature_map in self._maps.items():
            total = RffSums.empty(feature_map.size)
            for sums in self._sums[number:]:
                total = total.merge(sums[detector])
            merged[detector] = (feature_map, total)
        return merged


def _columns(classes: tuple[str, ...], probabilities: npt.NDArray[np.float32], at: TimeArray) -> Sample:
    n = len(at)
    return Sample(
        classes=classes,
        prediction_ids=("",) * n,
        texts=(None,) * n,
        probabilities=probabilities,
        embeddings=None,
        predicted_at=at,
        labels=np.full(n, UNLABELLED, dtype=np.int64),
    )


def _digest(ids: npt.NDArray[np.uint8], probabilities: npt.NDArray[np.float32]) -> str:
    halves = np.ascontiguousarray(ids).view(">u8")
    order = np.lexsort((halves[:, 1], halves[:, 0]))
    digest = hashlib.sha256(ids[order].tobytes())
    digest.update(probabilities[order].tobytes())
    return digest.hexdigest()
