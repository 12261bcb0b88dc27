"""Pauses between attempts."""

from __future__ import annotations

from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from modelmonitor.store.backoff import retry_delays


def test_ceilings_double_up_to_the_maximum() -> None:
    delays = retry_delays(0.1, 1.0, random=lambda: 1.0)
    assert list(islice(delays, 6)) == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]


@given(st.floats(0.001, 10), st.floats(0.001, 100), st.randoms(use_true_random=False))
def test_no_pause_is_ever_longer_than_the_maximum(initial: float, maximum: float, random) -> None:
    assert all(
        0 <= delay <= maximum for delay in islice(retry_delays(initial, maximum, random=random.random), 50)
    )
