"""Power at an equal, empirically fixed rate of false alarms: our detectors and those of four peers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest

from benchmarks.drift import power_ours
from benchmarks.drift.features import FOREIGN, MOVIE, concatenate
from benchmarks.drift.kept import Kept, NotMeasured
from benchmarks.drift.peers import run_in_peers
from benchmarks.drift.plots import power_panels, write_panels
from benchmarks.report import PAGE, Table
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
PLOT: Final = PAGE.parent / "images" / "drift-power.svg"
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

    @property
    def trials(self) -> int:
        """Windows of one share over all domains."""
        return self.references * self.mixed * len(FOREIGN)


EFFORT: Final = Effort()
_QUICK: Final = Effort(references=2, without=20, mixed=2)


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
    samples: Mapping[Corpus, Sample],
    *,
    quick: bool,
    seed: int,
    kept: Kept,
    cache: Path,
    windows: Sequence[int] = WINDOWS,
) -> tuple[list[Table], list[dict[str, object]]]:
    """A table of our default check against the best peer, one for each foreign share, and the numbers."""
    sizes, effort = (WINDOWS[:2], _QUICK) if quick else (windows, EFFORT)
    everything = concatenate([samples[name] for name in (MOVIE, *FOREIGN)])
    records: list[dict[str, object]] = []
    for n in sizes:
        plan = plan_trials(samples, n=n, effort=effort, seed=seed)
        scored = _score_all(everything, plan, n=n, kept=kept, cache=cache, draw=f"seed={seed} {effort}")
        if set(DEFAULT_CHECK) <= set(scored):
            scored[DEFAULT_NAME] = combined([scored[name] for name in DEFAULT_CHECK], plan)
        records += [
            _record(name, scores, plan, n=n, share=share)
            for name, scores in scored.items()
            for share in shares_for(n)
        ]
    tables = [_table(records, sizes=sizes, effort=effort, share=share, seed=seed) for share in SHARES]
    if not quick:
        _draw(records)
    return [_headline(records, sizes=sizes), *tables], records


def _score_all(
    everything: Sample, plan: Plan, *, n: int, kept: Kept, cache: Path, draw: str
) -> dict[str, Scores]:
    arrays: dict[str, npt.NDArray[Any]] = {
        "references": plan.references,
        "windows": plan.windows,
        "which": plan.which,
        "texts": np.array(everything.texts),
        "embeddings": np.asarray(everything.embeddings, dtype=np.float16),
    }
    scorers: dict[str, tuple[str, Callable[[], Scores]]] = {
        name: (power_ours.code_of(name), partial(power_ours.score_plan, everything, arrays, name))
        for name in power_ours.TOOLS
    }
    scorers |= {name: ("1", partial(run_in_peers, _SCRIPT, arrays, name, cache=cache)) for name in PEERS}
    scored = {}
    for name, (code, scorer) in scorers.items():
        with contextlib.suppress(NotMeasured):
            key = f"{name} n={n} {draw} {code}"
            scored[name] = np.array(kept.get(key, lambda scorer=scorer: scorer().tolist()))  # type: ignore[misc]
    return scored


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
        "low": float(interval.low),
        "high": float(interval.high),
        "trials": trials,
        "domains": by_domain,
    }


def _draw(records: Sequence[dict[str, Any]]) -> None:
    tools = [name for name in dict.fromkeys(record["tool"] for record in records) if is_peer(name)]
    write_panels(
        PLOT,
        power_panels(records, tools=[DEFAULT_NAME, *tools]),
        bold=DEFAULT_NAME,
        x_label="predictions in the window",
        y_label="power at 5 % false alarms",
    )


def _headline(records: Sequence[dict[str, Any]], *, sizes: Sequence[int]) -> Table:
    """The default check against the best of the peers in every cell."""
    rows = [(f"{share:.0%}", *(_duel(records, n=n, share=share) for n in sizes)) for share in SHARES]
    note = (
        "Power of our default check, then of the best peer of that cell, whichever it is; - is not measured. "
        "**Below**: the peer is better and the 95 % intervals do not overlap; above: ours is better.\n\n"
        f"![Power over the rows of the window](images/{PLOT.name})"
    )
    title = "Power of the default check against the best peer of each cell"
    return Table(("foreign texts", *(f"n = {n:,}" for n in sizes)), rows, title, note)


def _duel(records: Sequence[dict[str, Any]], *, n: int, share: float) -> str:
    cell = [record for record in records if (record["n"], record["share"]) == (n, share)]
    ours = next((record for record in cell if record["tool"] == DEFAULT_NAME), None)
    peers = [record for record in cell if is_peer(record["tool"])]
    if ours is None or not peers:
        return "-"
    best = max(peers, key=lambda record: record["power"])
    word = (
        "above" if ours["power"] > best["power"] else "equal" if ours["power"] == best["power"] else "overlap"
    )
    if ours["high"] < best["low"]:
        word = "**below**"
    return f"{ours['power']:.2f} / {best['power']:.2f} {best['tool']}: {word}"


def is_peer(tool: str) -> bool:
    """Whether a tool's score comes from another library."""
    return tool in PEERS or tool.startswith("alibi-detect")


def _table(
    records: Sequence[dict[str, object]], *, sizes: Sequence[int], effort: Effort, share: float, seed: int
) -> Table:
    cells = {(record["tool"], record["n"]): record for record in records if record["share"] == share}
    tools = list(dict.fromkeys(str(record["tool"]) for record in records))
    rows = [(tool, *(_cell(cells.get((tool, n))) for n in sizes)) for tool in tools]
    note = (
        f"{effort.trials} windows in a cell, a third from each of Amazon, tweets and NYT, against "
        f"{effort.references} references of {REFERENCE_ROWS} reviews; 95 % Wilson intervals. Every tool's "
        f"threshold is the one that {FALSE_ALARM_RATE:.0%} of "
        f"{effort.references * effort.without} windows without drift exceed; seed "
        f"{seed}. alibi-detect, evidently and frouros with their defaults on raw embeddings or texts "
        f"(frouros with the median bandwidth), nannyml on 32 principal components."
    )
    return Table(
        ("detector", *(f"n = {n:,}" for n in sizes)), rows, f"Power, {share:.0%} foreign texts", note
    )


def _cell(record: dict[str, object] | None) -> str:
    if record is None:
        return "-"
    return f"{record['power']:.2f} [{record['low']:.2f}, {record['high']:.2f}]"
