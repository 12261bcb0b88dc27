"""Every detector that a monitor can name, with what it compares and under which licence."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from modelmonitor.detect.finding import Finding
from modelmonitor.sample import Sample

NATIVE: Final = "native"
ALIBI: Final = "alibi-detect"
LICENCES: Final[Mapping[str, str]] = {
    NATIVE: "Apache-2.0",
    ALIBI: "Business Source License 1.1: non-production use only",
}

EVERY_ROW: Final = frozenset({"ks", "cramer-von-mises", "chi-square", "mmd-fourier"})
"""Detectors that look at all rows of a sample of any size; the others draw `max_rows` of them."""


class Detector(Protocol):
    """A comparison of two samples."""

    def __call__(self, reference: Sample, window: Sample, *, level: float, seed: int) -> Finding:
        """Compare two samples.

        Args:
            reference: what the window should look like.
            window: what is compared.
            level: the level at which the finding will be judged; permutation tests draw enough to reach it.
            seed: same seed and rows (in any order) give the same finding.

        Raises:
            DetectionError: a package or column is missing, or there is nothing to compare.
        """
        ...


@dataclass(frozen=True, slots=True)
class Entry:
    """One detector of one backend.

    Attributes:
        name: what the user writes.
        backend: what the user writes.
        summary: what it compares and how, in one line.
        module: where its class is; imported only when it is asked for.
        class_name: a frozen dataclass whose fields are the parameters.
        choices: the allowed words of parameters that are not whole numbers.
    """

    name: str
    backend: str
    summary: str
    module: str
    class_name: str
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def licence(self) -> str:
        """Licence of the code that computes the finding."""
        return LICENCES[self.backend]

    def load(self) -> type[Detector]:
        """The detector's class."""
        loaded: type[Detector] = getattr(importlib.import_module(self.module), self.class_name)
        return loaded


_KS = "Kolmogorov-Smirnov test of the confidence, or of every class probability"
_CVM = "Cramér-von Mises test of the confidence, or of every class probability"
_CHI_SQUARE = "test of the mix of predicted classes by Pearson's statistic"
_MMD = "maximum mean discrepancy of the embeddings, permutation test"
_FOURIER = "maximum mean discrepancy of the embeddings of any number of rows, by random Fourier features"
_LSDD = "least-squares density difference of the embeddings, permutation test"
_CLASSIFIER = "whether a linear classifier tells window from reference, on embeddings or on words"
_CONTEXT = "maximum mean discrepancy of the embeddings among predictions of equal probability"
_TFIDF = "cosine similarity of the mean TF-IDF vectors of the texts, permutation test"
_COLUMN = {"feature": ("confidence", "probabilities")}
_INPUT = {"feature": ("embedding", "text")}
_ANALYZER = {"analyzer": ("word", "char")}
_HERE = "modelmonitor.detect"
_THERE = "modelmonitor.detect.alibi"

ENTRIES: Final[tuple[Entry, ...]] = (
    Entry("ks", NATIVE, _KS, f"{_HERE}.ks", "KolmogorovSmirnov", _COLUMN),
    Entry("cramer-von-mises", NATIVE, _CVM, f"{_HERE}.cramer_von_mises", "CramerVonMises", _COLUMN),
    Entry("chi-square", NATIVE, _CHI_SQUARE, f"{_HERE}.chi_square", "ChiSquare"),
    Entry("mmd", NATIVE, _MMD, f"{_HERE}.mmd", "MaximumMeanDiscrepancy"),
    Entry("mmd-fourier", NATIVE, _FOURIER, f"{_HERE}.mmd_fourier", "FourierMeanDiscrepancy"),
    Entry("lsdd", NATIVE, _LSDD, f"{_HERE}.lsdd", "LeastSquaresDensityDifference"),
    Entry("classifier", NATIVE, _CLASSIFIER, f"{_HERE}.classifier", "DomainClassifier", _INPUT),
    Entry("context-mmd", NATIVE, _CONTEXT, f"{_HERE}.context_mmd", "ContextAwareMeanDiscrepancy"),
    Entry("tfidf-similarity", NATIVE, _TFIDF, f"{_HERE}.tfidf", "TfidfSimilarity", _ANALYZER),
    Entry("ks", ALIBI, _KS, f"{_THERE}.univariate", "AlibiKolmogorovSmirnov", _COLUMN),
    Entry("cramer-von-mises", ALIBI, _CVM, f"{_THERE}.univariate", "AlibiCramerVonMises", _COLUMN),
    Entry("chi-square", ALIBI, _CHI_SQUARE, f"{_THERE}.univariate", "AlibiChiSquare"),
    Entry("mmd", ALIBI, _MMD, f"{_THERE}.mmd", "AlibiMaximumMeanDiscrepancy"),
    Entry("lsdd", ALIBI, _LSDD, f"{_THERE}.lsdd", "AlibiLeastSquaresDensityDifference"),
    Entry("classifier", ALIBI, _CLASSIFIER, f"{_THERE}.classifier", "AlibiDomainClassifier", _INPUT),
    Entry("context-mmd", ALIBI, _CONTEXT, f"{_THERE}.context_mmd", "AlibiContextAwareMeanDiscrepancy"),
)
