"""When what Prometheus says makes a monitor due, and how long an old answer is believed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping

import pytest

from controller.handlers.cache import MonitorCache
from controller.handlers.survey import Survey
from controller.manifest import ObjectKey
from controller.observation import PrometheusFacts
from controller.work_queue import WorkQueue

A, B = ObjectKey("ml", "a"), ObjectKey("ml", "b")
UP, DOWN = PrometheusFacts(targets=1, up=1), PrometheusFacts(targets=1, up=0)
Answer = Mapping[ObjectKey, PrometheusFacts] | str | Exception


class Answers:
    """A Prometheus that gives prepared answers."""

    def __init__(self, answers: list[Answer]) -> None:
        self._answers = iter(answers)

    async def survey(self) -> Answer:
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return answer


def surveyed(*answers: Answer, see: Callable[[Survey, WorkQueue], object]) -> list[object]:
    """What `see` sees after each answer."""

    async def run() -> list[object]:
        cache, queue = MonitorCache(), WorkQueue()
        for key in (A, B):
            metadata = {"namespace": key.namespace, "name": key.name, "resourceVersion": "1"}
            cache.put(key, {"metadata": metadata})
        survey = Survey(Answers(list(answers)), cache=cache, queue=queue, interval_s=60)
        seen = []
        for _ in answers:
            await survey.ask()
            seen.append(see(survey, queue))
        return seen

    return asyncio.run(run())


def test_only_monitors_of_which_it_says_something_new_are_due() -> None:
    due = surveyed({A: UP, B: UP}, {A: UP, B: UP}, {A: UP, B: DOWN}, see=lambda _, queue: set(queue._waiting))

    assert due == [set(), set(), {B}]


def test_a_monitor_that_it_does_not_know_has_nothing_loaded_and_nothing_reached() -> None:
    assert surveyed({A: UP}, see=lambda survey, _: survey.of(B)) == [PrometheusFacts()]


def test_one_failure_is_a_restart_and_three_are_an_obstacle() -> None:
    told = surveyed({A: UP}, "down", "down", "down", see=lambda survey, _: survey.of(A))

    assert told == [UP, UP, UP, PrometheusFacts(obstacle="down")]


def test_without_any_answer_yet_the_first_failure_is_an_obstacle() -> None:
    assert surveyed("down", see=lambda survey, _: survey.of(A)) == [PrometheusFacts(obstacle="down")]


def test_when_it_answers_again_all_monitors_are_due() -> None:
    due = surveyed("down", {A: UP, B: UP}, see=lambda _, queue: set(queue._waiting))

    assert due == [set(), {A, B}]


def test_a_fault_of_ours_is_an_obstacle_and_a_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    told = surveyed(AttributeError("group"), see=lambda survey, _: survey.of(A).obstacle)

    assert told == ["Prometheus could not be asked, by a fault of the operator; see its log."]
    (line,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert line.exc_info is not None


def pauses(monkeypatch: pytest.MonkeyPatch, *costs_s: float) -> list[float]:
    """How long a survey waits after each, of which CPU times are given."""
    taken: list[float] = []
    clock = iter([moment for cost_s in costs_s for moment in (0.0, cost_s)])

    async def sleep(seconds: float) -> None:
        taken.append(seconds)
        if len(taken) == len(costs_s):
            raise StopAsyncIteration

    async def run() -> None:
        answers: list[Answer] = [{} for _ in costs_s]
        await Survey(Answers(answers), cache=MonitorCache(), queue=WorkQueue(), interval_s=60).run()

    monkeypatch.setattr("controller.handlers.survey.time.process_time", lambda: next(clock))
    monkeypatch.setattr("controller.handlers.survey.asyncio.sleep", sleep)
    with pytest.raises(StopAsyncIteration):
        asyncio.run(run())
    return taken


def test_surveys_that_cost_much_are_seldom_and_one_during_other_work_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert pauses(monkeypatch, 2, 0.1, 2, 2, 0.1) == [60, 60, 60, 200, 60]
