from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelmonitor.decide.episodes import Rules, Sighting, follow
from modelmonitor.decide.fingerprint import Fingerprint

START = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)
TWEETS, NEWS = Fingerprint(classes=(0.2, -0.2)), Fingerprint(classes=(-0.2, 0.2))
RULES = Rules(exit_runs=2, cooldown=3 * DAY)


def seen(
    day,
    severity=None,
    *,
    effect=None,
    fingerprint=TWEETS,
    may_page=True,
    quiet=None,
    lookback=DAY,
    run_id=None,
):
    now = START + day * DAY
    return Sighting(
        run_id=run_id or f"run-{day}",
        at=now,
        window_start=now - lookback,
        window_end=now,
        severity=severity,
        quiet=severity is None if quiet is None else quiet,
        may_page=may_page,
        effect=effect if effect is not None else {None: 0.1, "warning": 1.5, "critical": 4.0}[severity],
        fingerprint=fingerprint,
    )


def follow_all(sightings, rules=RULES):
    """The episodes in the end, and what changed in each run."""
    history, changes = [], []
    for sighting in sightings:
        step = follow(history, sighting, rules=rules)
        if step.episode is not None:
            history = [each for each in history if each.started_at != step.episode.started_at]
            history.append(step.episode)
        changes.append(step.change)
    return history, changes


def test_an_episode_opens_once_continues_worsens_once_and_closes_after_two_quiet_runs():
    history, changes = follow_all(
        [
            seen(0),
            seen(1, "warning"),
            seen(2, "warning"),
            seen(3, "critical"),
            seen(4, "critical"),
            seen(5),
            seen(6, "warning"),
            seen(7),
            seen(8),
            seen(9),
        ]
    )
    assert changes == [
        "none", "opened", "continued", "worsened", "continued",
        "quieter", "continued", "quieter", "closed", "none",
    ]  # fmt: skip
    (episode,) = history
    assert (episode.started_at, episode.ended_at) == (START + DAY, START + 8 * DAY)
    assert (episode.severity, episode.runs, episode.pages, episode.peak_effect) == ("critical", 5, 2, 4.0)


def test_the_same_drift_back_within_the_cool_down_continues_without_a_page():
    history, changes = follow_all([seen(0, "warning"), seen(1), seen(2), seen(4, "warning")])
    assert changes == ["opened", "quieter", "closed", "reopened"]
    assert [(each.ended_at, each.pages, each.runs) for each in history] == [(None, 1, 2)]


def test_another_drift_within_the_cool_down_is_an_episode_of_its_own():
    history, changes = follow_all(
        [seen(0, "warning"), seen(1), seen(2), seen(4, "warning", fingerprint=NEWS)]
    )
    assert changes == ["opened", "quieter", "closed", "opened"]
    assert [(each.same_as, each.number) for each in history] == [(None, 1), (None, 1)]


def test_a_drift_that_returns_later_is_recognised_and_counted():
    history, changes = follow_all(
        [
            seen(0, "warning"),
            seen(1),
            seen(2),
            seen(20, "warning", fingerprint=NEWS),
            seen(21),
            seen(22),
            seen(40, "critical"),
            seen(41),
            seen(42),
            seen(60, "warning"),
        ]
    )
    assert [change for change in changes if change == "opened"] == ["opened"] * 4
    assert [(each.same_as, each.number) for each in history] == [
        (None, 1),
        (None, 1),
        (START, 2),
        (START, 3),
    ]


def test_quiet_runs_on_mostly_the_same_predictions_count_once():
    hourly = [seen(0, "warning"), *(seen(hour / 24) for hour in range(1, 30))]
    history, changes = follow_all(hourly)
    assert changes.index("quieter") == 12
    assert changes.index("closed") == 24
    assert history[0].quiet_runs == 2


def test_a_run_that_may_not_page_opens_nothing_and_worsens_nothing():
    history, changes = follow_all([seen(0, "critical", may_page=False)])
    assert (history, changes) == ([], ["none"])
    history, changes = follow_all([seen(0, "warning"), seen(1, "critical", may_page=False)])
    assert (history[0].severity, history[0].pages, changes) == ("warning", 1, ["opened", "continued"])


def test_neither_an_inconclusive_run_nor_one_at_the_border_ends_an_episode():
    border = [seen(day, quiet=False) for day in range(1, 10)]
    history, changes = follow_all([seen(0, "warning"), *border])
    assert set(changes[1:]) == {"none"}
    assert history[0].ended_at is None


def test_an_older_window_that_is_judged_late_changes_nothing():
    history, _ = follow_all([seen(0, "warning"), seen(5)])
    late = follow(history, seen(3, "critical"), rules=RULES)
    assert (late.change, late.episode) == ("none", history[0])


SEVERITIES = st.sampled_from([None, "warning", "critical"])
FINGERPRINTS = st.sampled_from([TWEETS, NEWS, Fingerprint()])
SERIES = st.lists(st.tuples(SEVERITIES, FINGERPRINTS, st.booleans(), st.booleans()), max_size=20)


@given(SERIES)
def test_no_series_pages_twice_for_one_state_or_leaves_two_episodes_open(series):
    sightings = [
        seen(day, severity, fingerprint=print_, may_page=may_page, quiet=quiet and severity is None)
        for day, (severity, print_, may_page, quiet) in enumerate(series)
    ]
    history, changes = follow_all(sightings)
    assert sum(each.ended_at is None for each in history) <= 1
    assert all(1 <= each.pages <= 2 for each in history)
    assert sum(each.pages for each in history) == sum(change in ("opened", "worsened") for change in changes)
    assert all(each.pages == 1 or each.severity == "critical" for each in history)
    assert not any(
        one.ended_at and other.started_at < one.ended_at for one, other in itertools.pairwise(history)
    )


@given(SERIES, st.data())
def test_a_run_made_again_changes_nothing(series, data):
    sightings = [
        seen(day, severity, fingerprint=print_, may_page=may_page, quiet=quiet and severity is None)
        for day, (severity, print_, may_page, quiet) in enumerate(series)
    ]
    once, _ = follow_all(sightings)
    again = [each for sighting in sightings for each in [sighting] * data.draw(st.integers(1, 3))]
    assert follow_all(again)[0] == once


@pytest.mark.parametrize("change", [{"run_id": "run-1"}, {"at": START + 99 * DAY}])
def test_identity_is_the_run_and_its_window(change):
    history, _ = follow_all([seen(0, "warning"), seen(1, "warning")])
    step = follow(history, replace(seen(1, "critical", run_id="other"), **change), rules=RULES)
    assert step.change == ("none" if "run_id" in change else "worsened")
