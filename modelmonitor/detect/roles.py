"""Which rows each detector fits on, calibrates with and compares: stated with every result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Roles:
    """What the rows of reference and window are used for.

    Attributes:
        fitting: what is learned, and of which rows.
        calibration: how it is known what chance alone would give.
        comparison: which rows the statistic is of.
    """

    fitting: str
    calibration: str
    comparison: str

    def to_json(self) -> dict[str, str]:
        """As plain JSON types."""
        return asdict(self)


_ALL: Final = "all rows of both samples"
_PERMUTED: Final = "permutations of the same rows, seeded"
_NOTHING: Final = "nothing"

ROLES: Final[Mapping[str, Roles]] = {
    "mmd": Roles("whitening and bandwidth, of both samples alike", _PERMUTED, _ALL),
    "mmd-fourier": Roles(
        "whitening, bandwidth and frequencies, of 2,000 rows of each sample, seeded",
        "a weighted chi-square distribution from the features' covariance",
        _ALL,
    ),
    "lsdd": Roles("scale and kernel centres, of both samples alike", _PERMUTED, _ALL),
    "tfidf-similarity": Roles("vocabulary and weights, of both samples alike", _PERMUTED, _ALL),
    "classifier": Roles(
        "a classifier, on four of five folds of both samples, seeded",
        "permutations of the same rows, refitted, seeded",
        "each row by the classifier that has not seen it",
    ),
    "context-mmd": Roles(
        "whitening, bandwidths and regularisation, of both samples alike",
        "permutations at equal predictions, seeded",
        "the reference and three quarters of the window; the last quarter says at which predictions",
    ),
    "chi-square": Roles(_NOTHING, "tables with the same margins, counted or drawn", _ALL),
    "ks": Roles(_NOTHING, "the known distribution of the statistic", _ALL),
    "cramer-von-mises": Roles(_NOTHING, "the known distribution of the statistic", _ALL),
}
"""By name of the detector. The reference is not cut into parts: see docs/explanation/detectors.md."""
