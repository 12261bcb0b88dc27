"""Whether the rules of peers, as the simulation writes them down, are what the peers' own code does."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.drift.features import MOVIE, load_samples
from benchmarks.drift.kept import Kept, NotMeasured
from benchmarks.drift.peers import run_in_peers
from benchmarks.drift.rules import BoolArray, Rule, alibi_ks, evidently, nannyml
from benchmarks.drift.statistics import Reference, prepare
from benchmarks.drift.stream import Hours, draw_rows, hours, populations
from benchmarks.report import Table
from modelmonitor.detect.alibi import load_alibi, predict

HOURS: Final = 720
PER_HOUR: Final = 100
REFERENCE_ROWS: Final = 2000
_SCRIPT: Final = Path(__file__).with_name("budget_peers.py")
_WRITTEN: Final[Mapping[str, Rule]] = {
    "alibi-detect KSDrift": alibi_ks,
    "evidently Wasserstein": evidently,
    "nannyml mean": nannyml,
}


def run(*, seeds: Sequence[int], kept: Kept, cache: Path) -> Table | None:
    """A month of each seed, judged by the written rule and by the peer; None where none is known."""
    found = []
    for seed in seeds:
        with contextlib.suppress(NotMeasured):
            found.append(kept.get(f"check seed={seed}", partial(_counts, seed, cache=cache)))
    if not found:
        return None
    rows = [
        (name, *(f"{sum(each[name][column] for each in found):,}" for column in range(3)))
        for name in _WRITTEN
    ]
    note = (
        f"{len(found) * HOURS:,} hours of {PER_HOUR} reviews without drift, confidence against references of "
        f"{REFERENCE_ROWS:,}. Real: alibi_detect.cd.KSDrift, evidently's stattest, nannyml's "
        "SummaryStatsAvgCalculator, each with its defaults."
    )
    columns = ("peer", "alarms by the written rule", "alarms by its own code", "hours in which both agree")
    return Table(columns, rows, "The peers' rules against their own code", note)


def _counts(seed: int, *, cache: Path) -> dict[str, list[int]]:
    domains = populations(dict(load_samples(cache)), home=MOVIE, seed=seed)
    generator = np.random.default_rng(seed)
    home = domains[MOVIE]
    rows = draw_rows(home, REFERENCE_ROWS, generator=generator)
    reference = prepare(rows, draw_rows(home, PER_HOUR, generator=generator), sizes=(PER_HOUR,), seed=seed)
    traffic = hours(home, home, shares=np.zeros(HOURS), per_hour=PER_HOUR, generator=generator)
    real = _real(reference, traffic, cache=cache)
    counts = {}
    for name, rule in _WRITTEN.items():
        written = rule(reference, traffic)
        counts[name] = [int(written.sum()), int(real[name].sum()), int((written == real[name]).sum())]
    return counts


def _real(reference: Reference, traffic: Hours, *, cache: Path) -> dict[str, BoolArray]:
    confidence = {"reference": reference.rows.confidence, "hours": traffic.confidence}
    theirs = run_in_peers(_SCRIPT, confidence, cache=cache) > 0
    detect = load_alibi().KSDrift(confidence["reference"][:, None].astype(np.float32))
    ks = [bool(predict(detect, hour[:, None].astype(np.float32))["is_drift"]) for hour in traffic.confidence]
    return {
        "alibi-detect KSDrift": np.array(ks),
        "evidently Wasserstein": theirs[0],
        "nannyml mean": theirs[1],
    }
