"""Keeping one bad item from failing the batch that it came in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def run_isolated(run: Callable[[Sequence[T]], Sequence[R]], items: Sequence[T]) -> list[R | Exception]:
    """Results of `run` in order; an item on which it fails gets its exception instead.

    A failing batch is halved until the culprit is alone, which costs about 2 log2(n) more calls for one bad
    item and also gets a batch through that was too big for memory.
    """
    if not items:
        return []
    try:
        return list(run(items))
    except Exception as error:  # noqa: BLE001  # whatever the model raises belongs to the item, not to the thread
        if len(items) == 1:
            return [error]
    middle = len(items) // 2
    return run_isolated(run, items[:middle]) + run_isolated(run, items[middle:])
