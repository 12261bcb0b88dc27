"""Load generators in processes of their own, so that nothing of this process delays an arrival."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Load = TypeVar("Load")
Run = TypeVar("Run")


def in_own_process(generate: Callable[[Load], Run], load: Load) -> Run:
    """What the generator returns or raises."""
    with running(generate, load) as run:
        return run.result()


@contextmanager
def running(generate: Callable[[Load], Run], load: Load) -> Iterator[Future[Run]]:
    """The generator at work; leaving waits for its end."""
    with ProcessPoolExecutor(max_workers=1, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool.submit(generate, load)
