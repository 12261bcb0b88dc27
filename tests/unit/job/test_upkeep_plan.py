from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from modelmonitor.job.upkeep_plan import Seen, plan_upkeep

NOW = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)


def seen(**changes: object) -> Seen:
    usual = {
        "longest_days": 90,
        "model_days": 90,
        "rolled_up_until": NOW - timedelta(hours=20),
        "oldest": NOW - timedelta(days=80),
        "oldest_of_model": NOW - timedelta(days=80),
    }
    return Seen(**{**usual, **changes})


def test_a_model_that_is_kept_longest_loses_no_single_days() -> None:
    plan = plan_upkeep(seen(), keep_days=90, now=NOW)

    assert (plan.longest_days, plan.own_days) == (90, ())


def test_a_model_that_is_kept_for_less_loses_its_whole_days() -> None:
    plan = plan_upkeep(seen(model_days=78), keep_days=78, now=NOW)

    assert plan.own_days == (date(2026, 9, 4), date(2026, 9, 5))


def test_of_two_monitors_of_one_model_the_longer_retention_counts() -> None:
    assert plan_upkeep(seen(model_days=79, longest_days=90), keep_days=7, now=NOW).own_days == (
        date(2026, 9, 4),
    )


def test_hours_that_no_upkeep_counted_are_counted_before_they_go() -> None:
    away = NOW - timedelta(days=40)

    assert plan_upkeep(seen(rolled_up_until=away), keep_days=90, now=NOW).roll_up_from == away
    assert plan_upkeep(seen(rolled_up_until=None), keep_days=90, now=NOW).roll_up_from == NOW - timedelta(
        days=80
    )
    assert plan_upkeep(seen(), keep_days=90, now=NOW).roll_up_from == NOW - timedelta(days=2)


def test_an_empty_log_is_no_fault() -> None:
    empty = Seen(None, None, None)

    plan = plan_upkeep(empty, keep_days=30, now=NOW)

    assert (plan.longest_days, plan.own_days) == (30, ())
