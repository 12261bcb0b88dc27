"""Power at an equal, empirically fixed rate of false alarms: our detectors and those of four peers."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest

from benchmarks.drift import power_ours
from benchmarks.drift.features import FOREIGN, MOVIE, concatenate
from benchmarks.drift.peers import PeersMissing, peers_python
from benchmarks.report import Table
from modelmonitor.demo.data import Corpus
from modelmonitor.sample import Sample

REFERENCE_ROWS: Final = 2000
WINDOWS: Final = (50, 200, 1000, 3500)
SHARES: Final = (0.05, 0.1, 0.2, 0.4)
FALSE_ALARM_RATE: Final = 0.05
DEFAULT_CHECK: Final = ("mmd", "tfidf-similarity")
DEFAULT_NAME: Final = "**default check: mmd + tfidf-similarity**"
PEERS: Final = ("evidently text", "evidently model", "nannyml classifier", "frouros mmd")
# Larger shares are seen by nearly every tool in so many rows: the time goes to the cells that differ.
_LARGEST_WINDOW: Final = 3500
_SHARES_THERE: Final = SHARES[:2]
_SCRIPT: Final = Path(__file__).with_name("power_peers.py")

Scores = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Effort:
    """How many trials.

    Attributes:
        references: fixed references of 2,000 rows.
        without: windows without drift for each reference; they set the threshold.
        mixed: windows for each reference, domain and share.
    """

    references: int = 4
    without: int = 25
    mixed: int = 3


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The trials with one window size; rows are numbered over all domains.

    Attributes:
        references: (r, 2000).
        windows: (t, n).
        which: (t,) the reference of each window.
        shares: (t,) foreign share, 0 without drift.
        domains: (t,) the foreign domain, "" without drift.
    """

    references: npt.NDArray[np.int64]
    windows: npt.NDArray[np.int64]
    which: npt.NDArray[np.int64]
    shares: npt.NDArray[np.float64]
    domains: tuple[str, ...]


def plan_trials(samples: Mapping[Corpus, Sample], *, n: int, effort: Effort, seed: int) -> Plan:
    """Draw references and windows; no window shares a row with its reference or holds a row twice."""
    generator = np.random.default_rng([seed, n])
    starts = dict(zip(samples, np.cumsum([0, *map(len, samples.values())]), strict=False))
    references, windows, which, shares, domains = [], [], [], [], []
    for number in range(effort.references):
        order = generator.permutation(len(samples[MOVIE]))
        references.append(starts[MOVIE] + order[:REFERENCE_ROWS])
        cells = [("", 0.0)] * effort.without
        cells += [(domain, share) for domain in FOREIGN for share in shares_for(n)] * effort.mixed
        for domain, share in cells:
            count = round(share * n)
            own = starts[MOVIE] + generator.choice(order[REFERENCE_ROWS:], size=n - count, replace=False)
            new = generator.choice(len(samples[domain]), size=count, replace=False) if domain else []  # type: ignore[index]
            windows.append(np.concatenate([own, (starts[domain] if domain else 0) + np.asarray(new)]))  # type: ignore[index]
            which.append(number)
            shares.append(share)
            domains.append(domain)
    return Plan(
        np.stack(references),
        np.stack(windows).astype(np.int64),
        np.array(which),
        np.array(shares),
        tuple(domains),
    )


def shares_for(n: int) -> tuple[float, ...]:
    """The foreign shares that are tried with windows of n rows."""
    return _SHARES_THERE if n >= _LARGEST_WINDOW else SHARES


def detections(scores: Scores, plan: Plan) -> npt.NDArray[np.bool_]:
    """(t,) whether a trial exceeds the threshold that 5 % of the windows without drift exceed."""
    null = scores[plan.shares == 0.0]
    return np.asarray(scores > np.quantile(null, 1.0 - FALSE_ALARM_RATE, method="higher"))


def combined(parts: Sequence[Scores], plan: Plan) -> Scores:
    """The score of a check of several tests: the largest, each in units of its own null."""
    null = plan.shares == 0.0
    return np.max([(part - part[null].mean()) / part[null].std() for part in parts], axis=0)


def run(
    samples: Mapping[Corpus, Sample], *, quick: bool, seed: int, cache: Path
) -> tuple[list[Table], list[dict[str, object]]]:
    """A table for each window size and one of what could not be run, and the numbers."""
    effort = Effort(2, 20, 2) if quick else Effort()
    sizes = WINDOWS[:2] if quick else WINDOWS
    everything = concatenate([samples[name] for name in (MOVIE, *FOREIGN)])
    records: list[dict[str, object]] = []
    for n in sizes:
        plan = plan_trials(samples, n=n, effort=effort, seed=seed)
        scored = _score_all(everything, plan, n=n, cache=cache)
        scored[DEFAULT_NAME] = combined([scored[name] for name in DEFAULT_CHECK], plan)
        records += [
            _record(name, scores, plan, n=n, share=share)
            for name, scores in scored.items()
            for share in shares_for(n)
        ]
    return [_table(records, sizes=sizes, share=share, effort=effort, seed=seed) for share in SHARES], records


def _score_all(everything: Sample, plan: Plan, *, n: int, cache: Path) -> dict[str, Scores]:
    arrays: dict[str, npt.NDArray[Any]] = {
        "references": plan.references,
        "windows": plan.windows,
        "which": plan.which,
        "texts": np.array(everything.texts),
        "embeddings": np.asarray(everything.embeddings, dtype=np.float16),
    }
    with tempfile.TemporaryDirectory(prefix="power-") as folder, ThreadPoolExecutor(1) as pool:
        np.savez(Path(folder) / "plan.npz", **arrays)
        theirs = {name: pool.submit(_peer, name, Path(folder), cache=cache) for name in PEERS}
        scored = {name: power_ours.score_plan(everything, arrays, name) for name in power_ours.TOOLS}
        return scored | {name: future.result() for name, future in theirs.items()}


def _peer(tool: str, folder: Path, *, cache: Path) -> Scores:
    target = folder / f"{tool.replace(' ', '-')}.npy"
    # -P: a module of this folder must not stand for one of the standard library.
    command = [str(peers_python(cache)), "-P", str(_SCRIPT), str(folder / "plan.npz"), tool, str(target)]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": ""},
    )
    if done.returncode:
        msg = f"{tool} failed: {done.stderr[-800:]}"
        raise PeersMissing(msg)
    return np.asarray(np.load(target), dtype=np.float64)


def _record(name: str, scores: Scores, plan: Plan, *, n: int, share: float) -> dict[str, object]:
    found, chosen = detections(scores, plan), plan.shares == share
    hits, trials = int(found[chosen].sum()), int(chosen.sum())
    interval = binomtest(hits, trials).proportion_ci(method="wilson")
    by_domain = {
        domain: float(found[chosen & (np.array(plan.domains) == domain)].mean()) for domain in FOREIGN
    }
    return {
        "tool": name,
        "n": n,
        "share": share,
        "power": hits / trials,
        "low": interval.low,
        "high": interval.high,
        "trials": trials,
        "domains": by_domain,
    }


def _table(
    records: Sequence[dict[str, object]], *, sizes: Sequence[int], share: float, effort: Effort, seed: int
) -> Table:
    cells = {(record["tool"], record["n"]): record for record in records if record["share"] == share}
    tools = list(dict.fromkeys(str(record["tool"]) for record in records))
    rows = [(tool, *(_cell(cells.get((tool, n))) for n in sizes)) for tool in tools]
    trials = effort.references * effort.mixed * len(FOREIGN)
    note = (
        f"{trials} windows in each cell, a third from each of Amazon, tweets and NYT, against "
        f"{effort.references} references of {REFERENCE_ROWS} reviews; 95 % Wilson intervals. Every tool's "
        f"threshold is the one that {FALSE_ALARM_RATE:.0%} of {effort.references * effort.without} windows "
        f"without drift exceed; seed {seed}. alibi-detect, evidently and frouros with their defaults on raw "
        f"embeddings or texts (frouros with the median bandwidth), nannyml on 32 principal components."
    )
    return Table(
        ("detector", *(f"n = {n:,}" for n in sizes)), rows, f"Power, {share:.0%} foreign texts", note
    )


def _cell(record: dict[str, object] | None) -> str:
    if record is None:
        return "-"
    return f"{record['power']:.2f} [{record['low']:.2f}, {record['high']:.2f}]"
