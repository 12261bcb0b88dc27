"""Accuracy without labels: how far each estimator is from the truth on foreign texts and mixtures."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest

from benchmarks.drift.features import FOREIGN, MOVIE, concatenate
from benchmarks.drift.kept import Kept, NotMeasured, code_digest
from benchmarks.drift.peers import run_in_peers
from benchmarks.report import Table
from modelmonitor.demo.data import Corpus
from modelmonitor.estimate.accuracy import estimate_accuracy
from modelmonitor.sample import Sample

REFERENCE_ROWS: Final = 2000
WINDOWS: Final = (200, 1000)
SHARES: Final = (0.2, 0.4, 0.6, 0.8, 1.0)
RESAMPLES: Final = 6
CONFIDENCE: Final = 0.9
OURS: Final = "**ModelMonitor**"
CBPE: Final = "CBPE (nannyml)"
_OWN_NAMES: Final = {"temperature": "AC, temperature", "isotonic": "AC, isotonic", "ATC": "ATC", "DoC": "DoC"}
_SCRIPT: Final = Path(__file__).with_name("accuracy_peers.py")
_PERCENT: Final = 100.0


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The windows of one size; rows are numbered over all domains.

    Attributes:
        references: (r, 2000).
        windows: (t, n), the same number for each reference, in the order of the references.
        shares: (t,) foreign share.
        domains: (t,) foreign domain, "" where the share is 0.
    """

    references: npt.NDArray[np.int64]
    windows: npt.NDArray[np.int64]
    shares: npt.NDArray[np.float64]
    domains: tuple[str, ...]

    def reference_of(self, window: int) -> npt.NDArray[np.int64]:
        """The reference that a window is judged by."""
        return self.references[window * len(self.references) // len(self.windows)]


def plan_windows(samples: Mapping[Corpus, Sample], *, n: int, resamples: int, seed: int) -> Plan:
    """Draw labelled references and windows; no window shares a row with its reference or holds one twice."""
    generator = np.random.default_rng([seed, n])
    starts = dict(zip(samples, np.cumsum([0, *map(len, samples.values())]), strict=False))
    cells: list[tuple[Corpus | None, float]] = [(None, 0.0)]
    cells += [(domain, share) for domain in FOREIGN for share in SHARES]
    references, windows = [], []
    for _ in range(resamples):
        order = generator.permutation(len(samples[MOVIE]))
        references.append(starts[MOVIE] + order[:REFERENCE_ROWS])
        for domain, share in cells:
            count = round(share * n)
            own = starts[MOVIE] + generator.choice(order[REFERENCE_ROWS:], size=n - count, replace=False)
            new = generator.choice(len(samples[domain]), size=count, replace=False) if domain else []
            windows.append(np.concatenate([own, (starts[domain] if domain else 0) + np.asarray(new)]))
    every = cells * resamples
    return Plan(
        np.stack(references),
        np.stack(windows).astype(np.int64),
        np.array([share for _, share in every]),
        tuple(domain or "" for domain, _ in every),
    )


def run(
    samples: Mapping[Corpus, Sample], *, quick: bool, seed: int, kept: Kept, cache: Path
) -> tuple[list[Table], list[dict[str, object]]]:
    """The table of errors, the table of intervals, and the numbers of every window."""
    everything = concatenate([samples[name] for name in (MOVIE, *FOREIGN)])
    records: list[dict[str, object]] = []
    for n in WINDOWS:
        plan = plan_windows(samples, n=n, resamples=2 if quick else RESAMPLES, seed=seed)
        with contextlib.suppress(NotMeasured):
            records += _measured(everything, plan, n=n, seed=seed, kept=kept, cache=cache)
    return [_errors(records, seed=seed), _intervals(records)] if records else [], records


def _measured(
    everything: Sample, plan: Plan, *, n: int, seed: int, kept: Kept, cache: Path
) -> list[dict[str, object]]:
    digest = code_digest("modelmonitor.estimate.accuracy")
    theirs = _cbpe(
        everything, plan, kept=kept, key=f"cbpe n={n} seed={seed} windows={len(plan.windows)}", cache=cache
    )
    found = []
    for number, rows in enumerate(plan.windows):
        window = everything.take(rows)
        reference = everything.take(plan.reference_of(number))
        key = f"ours {digest} n={n} seed={seed} window={number}"
        try:
            ours = kept.get(key, partial(_ours, reference, window))
        except NotMeasured:
            continue
        found.append(
            {
                "n": n,
                "domain": plan.domains[number],
                "share": float(plan.shares[number]),
                "truth": float((window.predicted == window.labels).mean()),
                "estimates": {
                    **ours["estimates"],
                    CBPE: theirs[number][0],
                    "accuracy of the reference": float((reference.predicted == reference.labels).mean()),
                },
                "interval": ours["interval"],
                "cbpe_interval": theirs[number][1:],
            }
        )
    return found


def _ours(reference: Sample, window: Sample) -> dict[str, Any]:
    found = estimate_accuracy(reference, window, seed=0, confidence=CONFIDENCE)
    named = {_OWN_NAMES[name]: value for name, value in found.methods.items() if name in _OWN_NAMES}
    return {"estimates": {OURS: found.point, **named}, "interval": [found.low, found.high]}


def _cbpe(everything: Sample, plan: Plan, *, kept: Kept, key: str, cache: Path) -> list[list[float]]:
    """[estimate, low, high] of every window by nannyml's own code."""
    arrays: dict[str, npt.NDArray[Any]] = {
        "references": plan.references,
        "windows": plan.windows,
        "probabilities": everything.probabilities,
        "labels": everything.labels,
    }
    return kept.get(key, lambda: run_in_peers(_SCRIPT, arrays, cache=cache).tolist())


def _errors(records: Sequence[dict[str, Any]], *, seed: int) -> Table:
    names = [*records[0]["estimates"]]
    rows = [
        (name, *(_mean_error(records, name, domain) for domain in (None, "", *FOREIGN))) for name in names
    ]
    rows.sort(key=lambda row: float(row[1].split()[0]))
    sizes = " and ".join(f"{n:,}" for n in sorted({record["n"] for record in records}))
    shares = ", ".join(f"{share:.0%}" for share in SHARES)
    note = (
        f"Mean absolute error in percentage points, with its standard error, over {len(records)} windows of "
        f"{sizes} predictions: movie reviews alone and with {shares} of each "
        f"foreign domain, {RESAMPLES} fresh references of {REFERENCE_ROWS:,} labelled reviews, seed {seed}. "
        "CBPE is nannyml's own code; AC (average confidence), ATC and DoC follow their papers. Ours is the "
        "isotonic estimate, drawn a little towards mere guessing where the reference has nothing alike; its "
        "interval reaches down to that."
    )
    columns = ("estimator", "all windows", "reviews only", "Amazon", "tweets", "NYT")
    return Table(columns, rows, "Accuracy estimated without labels", note)


def _mean_error(records: Sequence[dict[str, Any]], name: str, domain: str | None) -> str:
    errors = [
        abs(record["estimates"][name] - record["truth"]) * _PERCENT
        for record in records
        if domain is None or record["domain"] == domain
    ]
    return f"{np.mean(errors):.2f} ± {np.std(errors, ddof=1) / np.sqrt(len(errors)):.2f}"


def _intervals(records: Sequence[dict[str, Any]]) -> Table:
    rows = [
        (name, nominal, *_coverage(records, column))
        for name, nominal, column in (
            (OURS, f"{CONFIDENCE:.0%}", "interval"),
            (CBPE, "99.7%", "cbpe_interval"),
        )
    ]
    note = "Share of windows whose true accuracy lies in the interval, with its 95 % Wilson interval."
    return Table(("estimator", "nominal", "coverage", "mean width (points)"), rows, "Its interval", note)


def _coverage(records: Sequence[dict[str, Any]], column: str) -> tuple[str, str]:
    held = sum(record[column][0] <= record["truth"] <= record[column][1] for record in records)
    bounds = binomtest(held, len(records)).proportion_ci(method="wilson")
    width = np.mean([record[column][1] - record[column][0] for record in records]) * _PERCENT
    return f"{held / len(records):.1%} [{bounds.low:.1%}, {bounds.high:.1%}]", f"{width:.1f}"
