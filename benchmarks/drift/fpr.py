"""False alarms without drift: every detector of both backends on 400 windows of real movie reviews."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from scipy.stats import binom, binomtest

from benchmarks.drift.draw import Trial, without_drift
from benchmarks.drift.features import MOVIE
from benchmarks.drift.kept import Kept, NotMeasured, code_digest
from benchmarks.report import Table
from modelmonitor.demo.data import Corpus
from modelmonitor.detect.catalogue import ALIBI, ENTRIES, Entry
from modelmonitor.detect.registry import detector
from modelmonitor.sample import Sample

LEVEL: Final = 0.05
TRIALS: Final = 400
CONFIDENCE: Final = 0.95
_SIZES: Final = (1000, 500)
_SLOW_SIZES: Final = (300, 200)
_SLOWEST: Final = ("context-mmd", ALIBI)
_SLOWEST_SIZES: Final = (100, 80)


@dataclass(frozen=True, slots=True)
class Tested:
    """One detector with the parameters it is tested with."""

    entry: Entry
    params: Mapping[str, str]

    @property
    def name(self) -> str:
        """As the table writes it."""
        return " ".join([self.entry.name, *self.params.values()])

    @property
    def sizes(self) -> tuple[int, int]:
        """Rows of reference and window; alibi-detect re-indexes a matrix for every permutation."""
        if (self.entry.name, self.entry.backend) == _SLOWEST:
            return _SLOWEST_SIZES
        return _SLOW_SIZES if self.entry.backend == ALIBI or self.entry.name == "context-mmd" else _SIZES


def tested() -> tuple[Tested, ...]:
    """Every detector of the catalogue, both features of the classifier."""
    features = {"classifier": ("embedding", "text")}
    return tuple(
        Tested(entry, {"feature": feature} if feature else {})
        for entry in ENTRIES
        for feature in features.get(entry.name, ("",))
    )


def false_alarms(run: Tested, movie: Sample, *, trials: int, seed: int) -> int:
    """How many of the trials without drift have a p-value of at most LEVEL."""
    detect = detector(run.entry.name, backend=run.entry.backend, params=run.params)
    n, m = run.sizes
    drawn = without_drift(movie, trials=trials, n_reference=n, n_window=m, seed=seed)
    return sum(_fires(detect, trial, seed=number) for number, trial in enumerate(drawn))


def _fires(detect: object, trial: Trial, *, seed: int) -> bool:
    finding = detect(trial.reference, trial.window, level=LEVEL, seed=seed)  # type: ignore[operator]
    return finding.p_value is not None and finding.p_value <= LEVEL


def run(
    samples: Mapping[Corpus, Sample], *, quick: bool, seed: int, kept: Kept
) -> tuple[Table, list[dict[str, Any]]]:
    """The table of false alarms, and its numbers."""
    trials = TRIALS // 8 if quick else TRIALS
    records, missing = [], []
    for each in tested():
        record = partial(_record, each, samples[MOVIE], trials=trials, seed=seed)
        key = f"{each.name} {each.entry.backend} {each.sizes} trials={trials} seed={seed}"
        try:
            records.append(kept.get(f"{key} {code_digest(each.entry.module)}", record))
        except NotMeasured:
            missing.append(f"{each.name} ({each.entry.backend})")
    low, high = (int(count) for count in binom.interval(CONFIDENCE, trials, LEVEL))
    rows = [
        (
            str(record["detector"]),
            str(record["backend"]),
            f"{record['n_reference']} / {record['n_window']}",
            f"{record['rate']:.3f} [{record['low']:.3f}, {record['high']:.3f}]",
            "yes" if record["inside"] else "no",
        )
        for record in records
    ]
    note = (
        f"{trials} windows each, reference and window disjoint in every trial, drawn from "
        f"{len(samples[MOVIE]):,} movie reviews that the model never saw; seed {seed}. Between {low} and "
        f"{high} alarms lie in the binomial 95 % interval of the level; of {len(rows)} detectors "
        f"{(1 - CONFIDENCE) * len(rows):.1f} fall outside by chance. The rate is with its 95 % Wilson "
        "interval." + (f" Not measured on this machine: {', '.join(missing)}." if missing else "")
    )
    title = f"False alarms without drift at level {LEVEL}"
    columns = ("detector", "backend", "rows (reference / window)", "rate", "inside the interval")
    return Table(columns, rows, title, note), records


def _record(each: Tested, movie: Sample, *, trials: int, seed: int) -> dict[str, Any]:
    alarms = false_alarms(each, movie, trials=trials, seed=seed)
    interval = binomtest(alarms, trials).proportion_ci(method="wilson")
    low, high = binom.interval(0.95, trials, LEVEL)
    return {
        "detector": each.name,
        "backend": each.entry.backend,
        "n_reference": each.sizes[0],
        "n_window": each.sizes[1],
        "trials": trials,
        "alarms": alarms,
        "rate": alarms / trials,
        "low": float(interval.low),
        "high": float(interval.high),
        "inside": bool(low <= alarms <= high),
    }
