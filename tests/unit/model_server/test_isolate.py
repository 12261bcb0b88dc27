"""One bad item fails alone."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from model_server.isolate import run_isolated


def halve(numbers: Sequence[int]) -> list[int]:
    if any(number % 2 for number in numbers):
        raise ValueError(sum(numbers))
    return [number // 2 for number in numbers]


@given(st.lists(st.integers(0, 9), max_size=20))
def test_exactly_the_bad_items_get_an_exception(numbers: list[int]) -> None:
    outcomes = run_isolated(halve, numbers)

    assert [str(o) if isinstance(o, Exception) else o for o in outcomes] == [
        str(number) if number % 2 else number // 2 for number in numbers
    ]


def test_a_good_batch_is_run_once() -> None:
    calls: list[Sequence[int]] = []

    def run(numbers: Sequence[int]) -> Sequence[int]:
        calls.append(numbers)
        return numbers

    assert run_isolated(run, [1, 2, 3]) == [1, 2, 3]
    assert calls == [[1, 2, 3]]
