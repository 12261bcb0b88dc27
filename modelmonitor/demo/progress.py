"""The training on a terminal: a bar, the loss, and how long it will still take."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from modelmonitor.demo.train import Step, StepObserver

_SMOOTHING: Final = 0.05


@contextmanager
def training_bar(console: Console) -> Iterator[StepObserver]:
    """An observer for `fine_tune` that draws a progress bar until the context ends.

    The time left is shown from the first steps on. The loss is smoothed, as single batches jump. Nothing is
    drawn when no step comes.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TextColumn("loss {task.fields[loss]:.3f}"),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("training", total=None, visible=False, loss=0.0)
        smooth: float | None = None

        def observe(step: Step) -> None:
            nonlocal smooth
            smooth = step.loss if smooth is None else smooth + _SMOOTHING * (step.loss - smooth)
            doing = "training" if step.number < step.total else "trained, now measured and registered"
            progress.update(
                task, completed=step.number, total=step.total, visible=True, description=doing, loss=smooth
            )

        yield observe
