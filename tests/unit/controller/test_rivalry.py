"""When a write waits because somebody undid the ones before."""

from __future__ import annotations

import pytest

from controller.cluster.rivalry import ABSENT, FoughtOver, Rivalry, last_editor


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def writes(
    rivalry: Rivalry, clock: Clock, *, every_s: float, until_s: float, digest: str = "d"
) -> list[float]:
    """When an item was written that somebody undoes at once, looked at again and again."""
    began, written = clock.now, list[float]()
    while clock.now < began + until_s:
        try:
            rivalry.before_write("x", digest=digest)
        except FoughtOver:
            pass
        else:
            rivalry.wrote("x", digest=digest)
            written.append(clock.now - began)
        clock.now += every_s
    return written


def test_a_person_who_edits_something_some_times_is_put_right_at_once() -> None:
    clock = Clock()

    assert writes(Rivalry(clock), clock, every_s=10, until_s=50) == [0, 10, 20, 30, 40]


def test_what_is_undone_at_once_is_written_less_and_less_often() -> None:
    clock = Clock()

    written = writes(Rivalry(clock), clock, every_s=0.25, until_s=60)

    assert written == [0, 0.25, 0.5, 0.75, 1, 3, 7, 15, 31]


def test_it_is_written_every_five_minutes_at_last() -> None:
    clock = Clock()
    rivalry = Rivalry(clock)
    writes(rivalry, clock, every_s=1, until_s=3600)

    assert len(writes(rivalry, clock, every_s=1, until_s=3600)) == 12


def test_what_is_undone_once_an_hour_is_put_right_at_once_for_ever() -> None:
    clock = Clock()

    assert len(writes(Rivalry(clock), clock, every_s=3600, until_s=36000)) == 10


def test_something_else_that_is_desired_is_written_at_once() -> None:
    clock = Clock()
    rivalry = Rivalry(clock)
    writes(rivalry, clock, every_s=1, until_s=30)

    assert writes(rivalry, clock, every_s=1, until_s=1, digest="another") == [0]


def test_it_is_contested_until_it_stays_as_long_as_the_next_write_would_have_waited() -> None:
    clock = Clock()
    rivalry = Rivalry(clock)
    for _ in range(5):
        rivalry.wrote("x", digest="d")
    assert not rivalry.contested("x"), "nobody undid the last write yet"

    with pytest.raises(FoughtOver):
        rivalry.before_write("x", digest="d", rival="argocd-controller")
    clock.now += 2
    rivalry.before_write("x", digest="d")
    rivalry.wrote("x", digest="d")

    with pytest.raises(
        FoughtOver, match="The field manager argocd-controller changes it back within seconds"
    ):
        rivalry.check("x")
    clock.now += 4
    rivalry.check("x")
    assert not rivalry.contested("x")


def test_what_should_not_be_there_is_never_contested_so_that_its_coming_is_noticed() -> None:
    rivalry = Rivalry(Clock())
    for _ in range(5):
        rivalry.wrote("x", digest=ABSENT)

    with pytest.raises(FoughtOver, match="perhaps a second operator"):
        rivalry.before_write("x", digest=ABSENT)
    assert not rivalry.contested("x")


def test_a_write_that_changed_nothing_does_not_count() -> None:
    rivalry = Rivalry(Clock())
    for _ in range(20):
        rivalry.wrote("x", digest="d", version="7")

    rivalry.before_write("x", digest="d")


def test_what_stayed_is_forgotten() -> None:
    clock = Clock()
    rivalry = Rivalry(clock)
    for number in range(100):
        rivalry.wrote(number, digest="d")
    clock.now += 61
    rivalry.wrote("x", digest="d")

    assert len(rivalry._bouts) == 1


def entry(manager: str, time: str, **more: str) -> dict[str, str]:
    return {"manager": manager, "time": time, **more}


@pytest.mark.parametrize(
    ("entries", "name"),
    [
        ([entry("us", "01"), entry("argocd", "02")], "argocd"),
        ([entry("us", "02"), entry("argocd", "02")], "argocd"),
        ([entry("injector", "01"), entry("us", "02")], ""),
        ([entry("us", "01"), entry("kube-controller-manager", "02", subresource="status")], ""),
        ([], ""),
    ],
)
def test_the_field_manager_of_the_last_edit(entries: list[dict[str, str]], name: str) -> None:
    assert last_editor({"managedFields": entries}, own="us") == name
