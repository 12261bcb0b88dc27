"""What is tested, on which rows, with which detector, and when."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from modelmonitor.api.base import ApiModel, Rule
from modelmonitor.api.containers import KeyedBy, KeysMatching
from modelmonitor.api.durations import Duration
from modelmonitor.api.names import CheckName, ColumnName, Parameter
from modelmonitor.api.quantities import PositiveDecimal, rising_decimals
from modelmonitor.api.schedules import Cron, TimeZone

CheckType = Literal["data", "concept", "performance"]
DetectorName = Literal[
    "ks",
    "cramer-von-mises",
    "chi-square",
    "mmd",
    "mmd-fourier",
    "context-mmd",
    "lsdd",
    "classifier",
    "tfidf-similarity",
]
Backend = Literal["alibi-detect", "native"]
NATIVE_ONLY: Final = ("mmd-fourier", "tfidf-similarity")

DETECTOR_OF_TYPE: Final[Mapping[CheckType, DetectorName]] = MappingProxyType(
    {"data": "mmd", "concept": "chi-square", "performance": "ks"}
)


class Detector(ApiModel):
    """The statistical test of a check."""

    name: DetectorName
    """`mmd`, `mmd-fourier`, `lsdd` and `classifier` compare embeddings, `ks` and `cramer-von-mises` numbers
    such as the confidence, `chi-square` the predicted classes, `tfidf-similarity` the words, `context-mmd`
    embeddings given what was predicted."""

    backend: Backend | None = None
    """Who computes it; if left out `alibi-detect` where it has the detector and is installed with the job,
    else `native`. alibi-detect is licensed for non-production use only; `native` has no such limit."""

    params: Annotated[
        Mapping[str, Parameter],
        KeysMatching(
            pattern=r"^[a-z][A-Za-z0-9_]{0,62}$",
            message="a parameter's name begins with a lower-case letter, such as 'n_permutations'",
        ),
    ] = Field(default={})
    """Parameters of the detector, as text or integers."""

    rules: ClassVar = (
        Rule(
            message="alibi-detect has no tfidf-similarity or mmd-fourier: leave backend out or write native",
            cel="!(self.name in ['mmd-fourier', 'tfidf-similarity']) || !has(self.backend) || "
            "self.backend == 'native'",
            holds=lambda detector: detector.name not in NATIVE_ONLY or detector.backend in (None, "native"),
        ),
    )

    @property
    def chosen_backend(self) -> Backend:
        """The backend that runs where every optional package is installed, also where none was written."""
        return self.backend or ("native" if self.name in NATIVE_ONLY else "alibi-detect")


class Window(ApiModel):
    """The predictions that a run looks at."""

    lookback: Duration = "24h"
    """How far back from the start of the run."""

    rows: Annotated[int, Field(strict=True, ge=10, le=1_000_000)] | None = None
    """Only the newest rows of the lookback; all of them if left out."""

    min_rows: Annotated[int, Field(strict=True, ge=10, le=1_000_000)] = 200
    """With fewer rows the verdict is Inconclusive: too few to tell."""

    max_rows: Annotated[int, Field(strict=True, ge=10, le=1_000_000)] = 2000
    """With more rows a random sample of so many is tested."""

    rules: ClassVar = (
        Rule(
            message="window.minRows must not be above window.maxRows",
            cel="self.minRows <= self.maxRows",
            holds=lambda window: window.min_rows <= window.max_rows,
        ),
        Rule(
            message="window.rows must not be below window.minRows, else every run is inconclusive",
            cel="!has(self.rows) || self.rows >= self.minRows",
            holds=lambda window: window.rows is None or window.rows >= window.min_rows,
        ),
    )


class Episodes(ApiModel):
    """When drift is over, and when it counts as the same again."""

    exit_runs: Annotated[int, Field(strict=True, ge=1, le=50)] = 2
    """Quiet runs in a row, each on mostly new predictions, that end an episode."""

    cooldown: Duration = "3d"
    """The same drift back within this span after its end continues the episode, without a new page."""


class Severity(ApiModel):
    """Effect sizes, in the unit of the detector, from which significant drift is worth an alert."""

    warning: PositiveDecimal
    """Smallest effect for a warning."""

    critical: PositiveDecimal
    """Smallest effect for a critical alert."""

    rules: ClassVar = (rising_decimals(message="severity.warning must be below severity.critical"),)


class Check(ApiModel):
    """One question that is asked on a schedule: did this change, and does it matter?"""

    name: CheckName
    """Name of the check, unique in the monitor."""

    type: CheckType
    """`data`: the input changed; `concept`: the predictions changed; `performance`: the quality fell."""

    detector: Detector | None = None
    """The test; if left out `mmd` for data, `chi-square` for concept and `ks` for performance."""

    schedule: Cron = "7 2 * * *"
    """When the check runs."""

    time_zone: TimeZone = "Etc/UTC"
    """Time zone of the schedule."""

    window: Window = Window()
    """The predictions that are looked at."""

    severity: Severity | None = None
    """How large an effect must be to matter; the detector's own values if left out."""

    episodes: Episodes = Episodes()
    """When drift is over."""

    segments: Annotated[tuple[ColumnName, ...], KeyedBy((), max_items=5)] = ()
    """Keys of the log's segment column by which the check is repeated, such as `channel`."""

    rules: ClassVar = (
        Rule(
            message="chi-square compares predicted classes: use it in a check of type concept",
            cel="!has(self.detector) || self.detector.name != 'chi-square' || self.type == 'concept'",
            holds=lambda check: check.chosen_detector.name != "chi-square" or check.type == "concept",
        ),
        Rule(
            message="tfidf-similarity compares input texts: use it in a check of type data",
            cel="!has(self.detector) || self.detector.name != 'tfidf-similarity' || self.type == 'data'",
            holds=lambda check: check.chosen_detector.name != "tfidf-similarity" or check.type == "data",
        ),
    )

    @property
    def chosen_detector(self) -> Detector:
        """The detector that runs, also where none was written."""
        return self.detector or Detector(name=DETECTOR_OF_TYPE[self.type])


Checks = Annotated[tuple[Check, ...], KeyedBy(("name",))]


def _default_check(kind: CheckType, *, minute: int) -> Check:
    detector = Detector(name=DETECTOR_OF_TYPE[kind])
    return Check(name=kind, type=kind, detector=detector, schedule=f"{minute} 2 * * *")


# Ten minutes apart, so that a small cluster never loads three models at once.
DEFAULT_CHECKS: Final[tuple[Check, ...]] = (
    _default_check("data", minute=7),
    _default_check("concept", minute=17),
    _default_check("performance", minute=27),
)
