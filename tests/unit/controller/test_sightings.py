"""What a reconcile needs not ask because the watches told it."""

from __future__ import annotations

from typing import Any

import pytest

from controller.cluster.rivalry import FoughtOver
from controller.cluster.sightings import Sightings, Told
from controller.manifest import CONFIG_MAP, CRON_JOB, ObjectKey

SENTIMENT, OTHER = ObjectKey("ml", "sentiment"), ObjectKey("ml", "other")
FILE = ObjectKey("ml", "modelmonitor-sentiment")
UID = "u-1"


def told(version: str, *, owner: ObjectKey = SENTIMENT, name: str = FILE.name) -> Told:
    reference = {"uid": UID, "controller": True}
    metadata: dict[str, Any] = {"namespace": "ml", "name": name, "resourceVersion": version}
    return Told(owner, {**metadata, "ownerReferences": [reference]})


def listed(*objects: Told) -> Sightings:
    sightings = Sightings()
    sightings.replace(CONFIG_MAP, None, objects)
    return sightings


def made(sightings: Sightings, version: str, digest: str = "d") -> None:
    sightings.settled(CONFIG_MAP, FILE, owner=SENTIMENT, version=version, digest=digest)


def is_right(sightings: Sightings, *, digest: str = "d", controller: str = UID) -> bool:
    return sightings.is_right(CONFIG_MAP, FILE, controller=controller, digest=digest)


def test_before_a_list_nothing_is_known_and_after_it_all_names_are() -> None:
    assert Sightings().names(CONFIG_MAP, SENTIMENT) is None
    assert listed().names(CONFIG_MAP, SENTIMENT) == frozenset()
    assert listed(told("5")).names(CONFIG_MAP, SENTIMENT) == {FILE.name}
    assert listed(told("5")).names(CRON_JOB, SENTIMENT) is None


def test_a_list_of_one_namespace_says_nothing_of_another() -> None:
    sightings = Sightings()
    sightings.replace(CONFIG_MAP, "ml", [])

    assert sightings.names(CONFIG_MAP, SENTIMENT) == frozenset()
    assert sightings.names(CONFIG_MAP, ObjectKey("web", "sentiment")) is None


def test_an_object_is_right_only_as_it_was_left_for_what_is_desired_and_by_its_owner() -> None:
    sightings = listed()
    made(sightings, "7")
    assert not is_right(sightings), "the watch has not told of it"

    assert not sightings.saw(CONFIG_MAP, told("7")), "its own write is no news"

    assert is_right(sightings)
    assert not is_right(sightings, digest="another")
    assert not is_right(sightings, controller="u-2")


def test_an_edit_is_news_and_the_object_no_longer_right() -> None:
    sightings = listed()
    made(sightings, "7")
    sightings.saw(CONFIG_MAP, told("7"))

    assert sightings.saw(CONFIG_MAP, told("8"))

    assert not is_right(sightings)
    assert sightings.has_news(SENTIMENT)


def test_a_write_that_is_told_of_before_its_answer_is_no_news_after_all() -> None:
    sightings = listed()
    sightings.look(SENTIMENT)
    assert sightings.saw(CONFIG_MAP, told("7"))

    made(sightings, "7")

    assert not sightings.has_news(SENTIMENT)
    assert is_right(sightings)


def test_an_edit_that_comes_between_a_write_and_its_answer_is_not_lost() -> None:
    sightings = listed()
    sightings.look(SENTIMENT)
    sightings.saw(CONFIG_MAP, told("7"))
    sightings.saw(CONFIG_MAP, told("8"))

    made(sightings, "7")

    assert sightings.has_news(SENTIMENT)
    assert not is_right(sightings)


def test_an_object_that_goes_is_news_unless_a_reconcile_removed_it() -> None:
    deleted, pruned = listed(told("5")), listed(told("5"))
    pruned.removed(CONFIG_MAP, FILE)

    assert deleted.lost(CONFIG_MAP, FILE) == SENTIMENT
    assert pruned.lost(CONFIG_MAP, FILE) is None
    assert deleted.names(CONFIG_MAP, SENTIMENT) == frozenset()


def test_a_new_list_tells_what_was_missed_meanwhile() -> None:
    sightings = listed()
    made(sightings, "7")
    sightings.saw(CONFIG_MAP, told("7"))

    assert sightings.replace(CONFIG_MAP, None, [told("7")]) == frozenset()
    assert sightings.replace(CONFIG_MAP, None, [told("9")]) == {SENTIMENT}
    made(sightings, "9")
    assert sightings.replace(CONFIG_MAP, None, []) == {SENTIMENT}


def test_an_object_whose_label_names_another_monitor_is_that_ones() -> None:
    sightings = listed(told("5"))

    sightings.saw(CONFIG_MAP, told("6", owner=OTHER))

    assert sightings.names(CONFIG_MAP, SENTIMENT) == frozenset()
    assert sightings.names(CONFIG_MAP, OTHER) == {FILE.name}


def test_a_watch_that_tells_no_more_is_believed_no_more() -> None:
    sightings = listed(told("5"))

    sightings.unsure(CONFIG_MAP, None)

    assert sightings.names(CONFIG_MAP, SENTIMENT) is None


def test_nothing_is_news_of_an_object_that_somebody_keeps_changing_back_until_its_next_attempt() -> None:
    sightings = listed(told("5"))
    item = (CONFIG_MAP, FILE)
    for _ in range(5):
        sightings.rivalry.wrote(item, digest="d")
    made(sightings, "6")
    assert sightings.saw(CONFIG_MAP, told("7")), "that it was undone is news once"

    with pytest.raises(FoughtOver):
        sightings.rivalry.before_write(item, digest="d")
    sightings.look(SENTIMENT)

    assert not sightings.saw(CONFIG_MAP, told("8"))
    assert not sightings.has_news(SENTIMENT)
    made(sightings, "8")
    assert not is_right(sightings), "whether it stays is not known yet"
    assert sightings.lost(CONFIG_MAP, FILE) is None
