from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelmonitor.decide.episodes import Episode
from modelmonitor.decide.fingerprint import Fingerprint
from modelmonitor.decide.retrain import (
    Firing,
    Limits,
    PastFiring,
    RetrainReason,
    Signs,
    firings,
    recommend,
)
from modelmonitor.decide.trend import Hour

NOW = datetime(2026, 11, 23, tzinfo=UTC)
DAY = timedelta(days=1)
EPISODE = Episode(
    started_at=NOW - 10 * DAY,
    ended_at=NOW - 9 * DAY,
    severity="warning",
    runs=2,
    quiet_runs=2,
    counted_until=NOW - 9 * DAY,
    last_run_id="r",
    peak_effect=1.5,
    fingerprint=Fingerprint(),
    same_as=None,
    number=1,
    pages=1,
)
FALLING = tuple(
    Hour(NOW - timedelta(hours=age), 100, 100 * (0.8 + 0.0002 * age) + age % 3) for age in range(1, 169)
)


def fires(trigger, **signs):
    found = {each.trigger: each for each in firings(Signs(**signs), now=NOW, limits=Limits())}
    assert len(found) == 5
    return found[trigger].fires


@pytest.mark.parametrize(
    ("trigger", "signs", "expected"),
    [
        ("confidence-declining", {"hours": FALLING}, True),
        ("confidence-declining", {"hours": FALLING[:72]}, False),
        (
            "confidence-declining",
            {"hours": tuple(replace(hour, confidence_sum=80) for hour in FALLING)},
            False,
        ),
        ("repeated-drift", {"episodes": {"data": [EPISODE]}}, False),
        ("repeated-drift", {"episodes": {"data": [replace(EPISODE, number=2)]}}, True),
        ("repeated-drift", {"episodes": {"data": [EPISODE] * 2, "concept": [EPISODE]}}, True),
        ("repeated-drift", {"episodes": {"data": [replace(EPISODE, ended_at=None)]}}, True),
        (
            "repeated-drift",
            {"episodes": {"data": [replace(EPISODE, number=2, ended_at=NOW - 40 * DAY)]}},
            False,
        ),
        ("low-confidence", {"low_confidence": (400, 1000)}, True),
        ("low-confidence", {"low_confidence": (31, 100)}, False),
        ("low-confidence", {"low_confidence": (0, 0)}, False),
        ("new-patterns", {"novel": (0.2, 0.02)}, True),
        ("new-patterns", {"novel": (0.11, 0.02)}, False),
        ("new-patterns", {"novel": (0.01, 0.02), "patterns": ["refund, parcel"]}, True),
        ("new-patterns", {"patterns": ["refund, parcel"]}, True),
        ("requested", {"business_change": "new shop"}, True),
        ("requested", {}, False),
    ],
)
def test_a_trigger_fires_on_its_evidence_and_only_when_it_is_sure(trigger, signs, expected):
    assert fires(trigger, **signs) is expected


def reasons(past, *, trigger="low-confidence", now=NOW):
    return recommend(
        [Firing(trigger, fires=True, message="It holds.")],
        past,
        now=now,
        min_evidence=3,
        apart=DAY / 2,
    )


def before(*days, fired=True):
    return [PastFiring("low-confidence", NOW - day * DAY, fired) for day in days]


def test_three_runs_in_a_row_establish_a_reason():
    found = reasons(before(1, 2))
    assert found.reasons == (
        RetrainReason("low-confidence", established=True, runs=3, since=NOW - 2 * DAY, message="It holds."),
    )
    assert found.recommended


def test_a_run_without_it_starts_the_count_anew():
    found = reasons([*before(1), *before(2, fired=False), *before(3, 4)])
    assert (found.reasons[0].runs, found.recommended) == (2, False)


def test_runs_on_the_same_predictions_count_once():
    assert reasons(before(0.1, 0.2, 0.3, 0.4)).reasons[0].runs == 1


def test_a_persons_word_needs_no_repetition():
    assert reasons([], trigger="requested").recommended


@given(st.lists(st.tuples(st.floats(min_value=0.01, max_value=60), st.booleans()), max_size=30))
def test_runs_in_a_row_are_never_more_than_the_runs_or_the_time_allow(past):
    history = [PastFiring("low-confidence", NOW - age * DAY, fired) for age, fired in past]
    (reason,) = reasons(history).reasons
    assert 1 <= reason.runs <= 1 + len(past)
    assert (reason.runs - 1) * DAY / 2 <= NOW - reason.since
