"""How much is measured: the sizes of every row, once, and what all rows share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Sizes:
    """How long each row measures.

    Attributes:
        repeats: of each side of a ratio, in turns.
        texts: answers in one closed-loop measurement, after `warm_up` others.
        warm_up: answers before each measurement.
        pairs: single requests paired with the bare model.
        open_s: seconds of one open-loop measurement.
        requests: of the memory row.
        smoke: only to see that it runs; nothing is written to the page.
    """

    repeats: int = 5
    texts: int = 1600
    warm_up: int = 200
    pairs: int = 1000
    open_s: float = 10.0
    requests: int = 20_000
    smoke: bool = False


QUICK = Sizes(repeats=2, texts=200, warm_up=64, pairs=60, open_s=2.0, requests=2_000, smoke=True)
CONCURRENCY = 64


@dataclass(frozen=True, slots=True)
class Plan:
    """What a row is given.

    Attributes:
        model: directory of the model that everybody serves.
        texts: what is asked.
        sizes: how much of it.
        cache: for virtual environments and state that is kept between runs; git does not see it.
    """

    model: Path
    texts: Sequence[str]
    sizes: Sizes
    cache: Path
