from __future__ import annotations

from datetime import UTC, datetime

from modelmonitor.api.conditions import Condition, ConditionType, Reason, find_condition, set_condition

MONDAY = datetime(2026, 11, 23, 2, 7, 41, 999, tzinfo=UTC)
TUESDAY = datetime(2026, 11, 24, 2, 7, tzinfo=UTC)
READY = Condition(type=ConditionType.READY, status="True", reason=Reason.OBJECTS_APPLIED, message="5 objects")
NOT_READY = Condition(
    type=ConditionType.READY, status="False", reason=Reason.APPLY_FAILED, message="forbidden"
)
NO_DRIFT = Condition(type=ConditionType.DRIFT_DETECTED, status="False", reason=Reason.NO_DRIFT)


def at(condition: Condition, moment: datetime) -> Condition:
    return condition.model_copy(update={"last_transition_time": moment.replace(microsecond=0)})


def test_a_new_condition_is_added_with_the_time_to_the_second() -> None:
    assert set_condition((), READY, now=MONDAY) == (at(READY, MONDAY),)


def test_the_time_moves_when_the_status_flips() -> None:
    before = set_condition((), READY, now=MONDAY)
    assert set_condition(before, NOT_READY, now=TUESDAY) == (at(NOT_READY, TUESDAY),)


def test_the_time_stays_when_only_reason_or_message_change() -> None:
    before = set_condition((), READY, now=MONDAY)
    reworded = READY.model_copy(update={"message": "6 objects"})
    assert set_condition(before, reworded, now=TUESDAY) == (at(reworded, MONDAY),)


def test_the_same_condition_again_changes_nothing() -> None:
    before = set_condition((), READY, now=MONDAY)
    assert set_condition(before, READY, now=TUESDAY) == before


def test_other_conditions_keep_their_place() -> None:
    before = set_condition(set_condition((), READY, now=MONDAY), NO_DRIFT, now=MONDAY)
    after = set_condition(before, NOT_READY, now=TUESDAY)
    assert after == (at(NOT_READY, TUESDAY), at(NO_DRIFT, MONDAY))


def test_a_condition_is_found_by_its_type() -> None:
    conditions = set_condition((), NO_DRIFT, now=MONDAY)
    assert find_condition(conditions, ConditionType.DRIFT_DETECTED) == at(NO_DRIFT, MONDAY)
    assert find_condition(conditions, ConditionType.READY) is None
