"""Pauses between attempts: exponential, bounded, with full jitter."""

from __future__ import annotations

from collections.abc import Callable, Iterator


def retry_delays(initial_s: float, maximum_s: float, *, random: Callable[[], float]) -> Iterator[float]:
    """Endless pauses in seconds, each uniform between 0 and a ceiling that doubles up to `maximum_s`.

    Full jitter keeps many replicas from coming back at the same moment
    (M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015).

    Args:
        initial_s: first ceiling, in seconds.
        maximum_s: last ceiling, in seconds.
        random: uniform numbers in [0, 1).
    """
    ceiling = initial_s
    while True:
        yield random() * min(ceiling, maximum_s)
        ceiling = min(ceiling * 2, maximum_s)
