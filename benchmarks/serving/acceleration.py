"""The way the predictor runs the model on this processor, against plain float32 torch: speed and accuracy."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from functools import partial

from benchmarks.serving.eager import Eager
from benchmarks.serving.offline import offline, offline_of
from benchmarks.serving.outcome import Detail, Figure, Outcome, at_least
from benchmarks.serving.plan import Plan
from benchmarks.serving.processes import held_still
from benchmarks.serving.spread import Spread, paired_ratios

_MAX_LOSS = 0.5


def measure(plan: Plan) -> Outcome:
    """Both in turns over the same texts, each with its own best batches; then every runtime by itself."""
    truth = right_labels(plan)
    ours, theirs = [], []
    with offline(plan.model) as fast, offline_of(partial(Eager, plan.model)) as eager:
        with held_still([eager.pid]):
            our_tokens, variant = fast.best_budget(plan.texts), fast.variant
            our_points = accuracy(fast.labels(plan.texts), truth)
        with held_still([fast.pid]):
            their_tokens = eager.best_budget(plan.texts)
            their_points = accuracy(eager.labels(plan.texts), truth)
        for _ in range(plan.sizes.repeats):
            with held_still([eager.pid]):
                ours.append(len(plan.texts) / fast.whole_pass(plan.texts, tokens=our_tokens).forward_s)
            with held_still([fast.pid]):
                theirs.append(len(plan.texts) / eager.whole_pass(plan.texts, tokens=their_tokens).forward_s)
    ratio, lost = paired_ratios(ours, theirs), their_points - our_points
    figures = [
        at_least(f"{variant} over float32 eager torch, texts/s", ratio.median, goal=1.8, text=ratio.text()),
        Figure(
            "accuracy lost against float32 eager torch",
            f"≤ {_MAX_LOSS} points",
            f"{lost:+.2f} points ({their_points:.2f} % to {our_points:.2f} %)",
            met=lost <= _MAX_LOSS,
        ),
    ]
    rows = [
        ["float32 eager torch", str(their_tokens), Spread.of(theirs).text(0), "1", f"{their_points:.2f} %"],
        [
            f"as served: {variant}",
            str(our_tokens),
            Spread.of(ours).text(0),
            ratio.text(),
            f"{our_points:.2f} %",
        ],
    ]
    columns = ("runtime", "padded tokens a batch", "texts/s", "ratio", "right of the held-out reviews")
    note = (
        "Forward passes over all texts sorted by length, each side with the batches that were fastest for it."
    )
    raw = {"ours": ours, "eager": theirs, "accuracy": [our_points, their_points]}
    return Outcome(figures, [Detail("Accelerated path", columns, rows, note), _each_runtime(plan)], raw)


def right_labels(plan: Plan) -> Sequence[str]:
    """The raters' labels of the plan's texts."""
    from modelmonitor.demo.champion import fetch_data

    labels = {each.text: each.label for each in fetch_data(plan.cache / "downloads").reviews.held_out}
    return [labels[text] for text in plan.texts]


def accuracy(labels: Sequence[str], truth: Sequence[str]) -> float:
    """Right ones in percent."""
    return 100.0 * sum(a == b for a, b in zip(labels, truth, strict=True)) / len(truth)


def _each_runtime(plan: Plan) -> Detail:
    """The table that `python -m benchmarks.serving.runtimes` prints."""
    size = [f"--rounds={max(2, plan.sizes.repeats - 2)}", f"--texts={min(len(plan.texts), plan.sizes.texts)}"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.serving.runtimes", *size],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return table_in(done.stdout)


def table_in(output: str) -> Detail:
    """The Markdown table in a command's output."""
    lines = [line.strip().strip("|").split("|") for line in output.splitlines() if line.startswith("|")]
    columns, _, *rows = [[cell.strip() for cell in line] for line in lines]
    return Detail("Every runtime on the demo's model", columns, rows)
