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
_CHI_SQUARE = "chi-square test of the mix of predicted classes"
_MMD = "maximum mean discrepancy of the embeddings, permutation test"
_TFIDF = "cosine similarity of the mean TF-IDF vectors of the texts, permutation test"
_FEATURE = {"feature": ("confidence", "probabilities")}
_ANALYZER = {"analyzer": ("word", "char")}

ENTRIES: Final[tuple[Entry, ...]] = (
    Entry("ks", NATIVE, _KS, "modelmonitor.detect.ks", "KolmogorovSmirnov", _FEATURE),
    Entry("chi-square", NATIVE, _CHI_SQUARE, "modelmonitor.detect.chi_square", "ChiSquare"),
    Entry("mmd", NATIVE, _MMD, "modelmonitor.detect.mmd", "MaximumMeanDiscrepancy"),
    Entry("tfidf-similarity", NATIVE, _TFIDF, "modelmonitor.detect.tfidf", "TfidfSimilarity", _ANALYZER),
    Entry("ks", ALIBI, _KS, "modelmonitor.detect.alibi", "AlibiKolmogorovSmirnov", _FEATURE),
    Entry("chi-square", ALIBI, _CHI_SQUARE, "modelmonitor.detect.alibi", "AlibiChiSquare"),
    Entry("mmd", ALIBI, _MMD, "modelmonitor.detect.alibi", "AlibiMaximumMeanDiscrepancy"),
)
