"""When each tool would call a person: our decision as it is, and the documented defaults of peers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.drift import statistics
from benchmarks.drift.statistics import Reference, Tested
from benchmarks.drift.stream import DoubleArray, Hours
from modelmonitor.decide.budget import Load, levels
from modelmonitor.decide.episodes import Episode, Rules, Sighting, follow
from modelmonitor.decide.fingerprint import Fingerprint
from modelmonitor.decide.scales import scales
from modelmonitor.decide.thresholds import DEFAULT_THRESHOLDS

BoolArray = npt.NDArray[np.bool_]
Rule = Callable[[Reference, Hours], BoolArray]
"""(t,) True in the hours in which a person is called."""

LOOKBACK: Final = timedelta(hours=24)
HOUR: Final = timedelta(hours=1)
MONTH: Final = timedelta(days=30)
_START: Final = datetime(2026, 1, 1, tzinfo=UTC)
_CHECKS: Final[Mapping[str, tuple[str, ...]]] = {
    "data": ("mmd", "tfidf-similarity"),
    "concept": ("chi-square",),
    "performance": ("ks",),
}
_TESTS: Final[Mapping[str, Callable[..., Tested]]] = {
    "mmd": statistics.mmd,
    "tfidf-similarity": statistics.tfidf,
    "chi-square": statistics.chi_square,
    "ks": statistics.ks,
}


@dataclass(frozen=True, slots=True)
class Ours:
    """All three default checks, run every hour on the last 24 hours, one false page a month.

    Attributes:
        parts: whether the newest parts of the window are tested too.
        floor: whether an effect must reach the warning threshold.
        checks: names of the checks.
    """

    parts: bool = True
    floor: bool = True
    checks: tuple[str, ...] = ("data", "concept", "performance")

    def __call__(self, reference: Reference, traffic: Hours) -> BoolArray:
        """Hours with a page, from the levels, thresholds and episodes of `modelmonitor.decide`."""
        pages = [self._pages(name, reference, traffic) for name in self.checks]
        return np.any(pages, axis=0)

    @property
    def lengths(self) -> tuple[int, ...]:
        """Hours of each part of the window."""
        spans = scales(LOOKBACK, interval=HOUR) if self.parts else (LOOKBACK,)
        return tuple(span // HOUR for span in spans)

    def level(self, check: str) -> float:
        """Of each test of a check."""
        loads = {name: Load(HOUR, len(_CHECKS[name]) * len(self.lengths)) for name in self.checks}
        return levels(max_false_alarms=1, per=MONTH, loads=loads)[check]

    def _pages(self, check: str, reference: Reference, traffic: Hours) -> BoolArray:
        tested = {
            name: [_TESTS[name](reference, traffic, length=length) for length in self.lengths]
            for name in _CHECKS[check]
        }
        severity, quiet, effect = self._verdicts(tested, level=self.level(check))
        return _followed(severity, quiet, effect)

    def _verdicts(
        self, tested: Mapping[str, list[Tested]], *, level: float
    ) -> tuple[npt.NDArray[np.int64], BoolArray, DoubleArray]:
        severities, quiets, multiples = [], [], []
        for name, parts in tested.items():
            bounds = DEFAULT_THRESHOLDS[name]
            for part in parts:
                sure, least = part.p_values <= level, bounds.warning if self.floor else 0.0
                severities.append(
                    np.where(sure & (part.effects >= least), 1 + (part.effects >= bounds.critical), 0)
                )
                multiples.append(part.effects / bounds.warning)
                quiets.append((part.p_values > 0.05) | (multiples[-1] <= 0.5))
        return np.max(severities, axis=0), np.all(quiets, axis=0), np.max(multiples, axis=0)


def _followed(severity: npt.NDArray[np.int64], quiet: BoolArray, effect: DoubleArray) -> BoolArray:
    """Hours in which the episodes of one check page; without fingerprints, so no drift is ever "the same"."""
    pages = np.zeros(len(severity), dtype=bool)
    history: list[Episode] = []
    for hour in range(len(severity)):
        if not severity[hour] and not (history and history[-1].ended_at is None):
            continue
        step = follow(history[-1:], _sighting(hour, severity, quiet, effect), rules=Rules())
        pages[hour] = step.pages
        if step.episode is not None:
            history = [step.episode]
    return pages


def _sighting(hour: int, severity: npt.NDArray[np.int64], quiet: BoolArray, effect: DoubleArray) -> Sighting:
    now = _START + (hour + 1) * HOUR
    word = {0: None, 1: "warning", 2: "critical"}[int(severity[hour])]
    return Sighting(
        run_id=str(hour),
        at=now,
        window_start=now - LOOKBACK,
        window_end=now,
        severity=word,  # type: ignore[arg-type] - one of the three
        quiet=word is None and bool(quiet[hour]),
        may_page=word is not None,
        effect=float(effect[hour]),
        fingerprint=Fingerprint(),
    )


def alibi_ks(reference: Reference, traffic: Hours) -> BoolArray:
    """alibi-detect KSDrift on the confidence of the last hour: p < 0.05."""
    return statistics.ks(reference, traffic, length=1, only_a_fall=False).p_values < 0.05


def alibi_mmd(reference: Reference, traffic: Hours) -> BoolArray:
    """alibi-detect MMDDrift on the embeddings of the last hour: p < 0.05."""
    return statistics.mmd(reference, traffic, length=1).p_values < 0.05


def alibi_mmd_sliding(reference: Reference, traffic: Hours) -> BoolArray:
    """The same on the last 24 hours, every hour."""
    return statistics.mmd(reference, traffic, length=24).p_values < 0.05


def evidently(reference: Reference, traffic: Hours) -> BoolArray:
    """Evidently's default for a number with more than 1,000 reference rows: normed Wasserstein above 0.1."""
    return statistics.normed_wasserstein(reference, traffic, length=1) > 0.1


def nannyml(reference: Reference, traffic: Hours) -> BoolArray:
    """Nannyml's band: the chunk's mean confidence beyond 3 SD of the reference's chunks."""
    rows = reference.rows.confidence
    chunks = rows[: len(rows) // traffic.rows * traffic.rows].reshape(-1, traffic.rows).mean(axis=1)
    means = traffic.confidence.mean(axis=1)
    return np.asarray(np.abs(means - chunks.mean()) > 3.0 * chunks.std())
