from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelmonitor.api.checks import Check
from modelmonitor.local.scheduler import NextRun, due, next_runs, previous_tick


def check(name="data", schedule="7 2 * * *", zone="Etc/UTC"):
    return Check(name=name, type="data", schedule=schedule, time_zone=zone)


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


STARTED = utc("2026-11-22T12:00:00")


def test_nothing_is_due_between_two_ticks():
    assert due([check()], last_run={}, since=STARTED, now=utc("2026-11-23T02:06:59")) == ()


def test_a_check_is_due_from_its_tick_on():
    assert due([check()], last_run={}, since=STARTED, now=utc("2026-11-23T02:07:00")) == ("data",)


def test_a_check_that_ran_at_its_tick_is_not_due_again():
    ran = {"data": utc("2026-11-23T02:07:01")}

    assert due([check()], last_run=ran, since=STARTED, now=utc("2026-11-23T09:00:00")) == ()


def test_ticks_missed_while_the_machine_slept_are_made_up_for_by_one_run():
    ran = {"data": utc("2026-11-19T02:07:01")}

    assert due([check()], last_run=ran, since=STARTED, now=utc("2026-11-23T09:00:00")) == ("data",)


def test_a_fresh_start_does_not_run_what_was_due_before_it():
    assert due([check()], last_run={}, since=STARTED, now=STARTED + timedelta(minutes=1)) == ()


def test_the_time_zone_of_the_check_decides_when_a_day_begins():
    tokyo = check(schedule="0 0 * * *", zone="Asia/Tokyo")

    assert previous_tick(tokyo, now=utc("2026-11-23T16:00:00")) == utc("2026-11-23T15:00:00")


def test_next_runs_come_soonest_first():
    checks = [check("late", "37 2 * * *"), check("early", "7 2 * * *")]

    assert next_runs(checks, now=STARTED) == (
        NextRun(check="early", at=utc("2026-11-23T02:07:00")),
        NextRun(check="late", at=utc("2026-11-23T02:37:00")),
    )


@given(
    schedule=st.sampled_from(["* * * * *", "*/5 * * * *", "7 2 * * *", "0 0 1 * *", "0 3 * * 1"]),
    zone=st.sampled_from(["Etc/UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]),
    now=st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)).map(
        lambda moment: moment.replace(tzinfo=UTC)
    ),
)
def test_a_tick_is_never_in_the_future_and_running_it_makes_the_check_not_due(schedule, zone, now):
    watched = check(schedule=schedule, zone=zone)

    assert previous_tick(watched, now=now) <= now
    assert due([watched], last_run={"data": now}, since=now, now=now) == ()


@pytest.mark.parametrize("moment", ["2026-11-23T02:07:00", "2026-11-23T02:07:00.999999"])
def test_a_tick_at_this_very_moment_counts(moment):
    assert previous_tick(check(), now=utc(moment)) == utc("2026-11-23T02:07:00")
