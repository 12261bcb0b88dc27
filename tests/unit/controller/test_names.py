from __future__ import annotations

import re

from hypothesis import assume, given
from hypothesis import strategies as st

from controller.desired.names import check_job_name, child_name, custom_rule_name

monitors = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", fullmatch=True)
checks = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?", fullmatch=True)
alerts = st.from_regex(r"[A-Z][A-Za-z0-9]{2,62}", fullmatch=True)
LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")


def test_a_plain_name_stays_readable() -> None:
    assert check_job_name("sentiment", "data") == "sentiment-data"
    assert child_name("sentiment") == "modelmonitor-sentiment"


def test_two_splits_of_the_same_text_get_two_names() -> None:
    assert check_job_name("a-b", "c") != check_job_name("a", "b-c")


@given(monitors, checks)
def test_a_cronjob_has_a_valid_name_of_52_characters_at_most(monitor: str, check: str) -> None:
    name = check_job_name(monitor, check)

    assert LABEL.fullmatch(name)
    assert len(name) <= 52


@given(monitors)
def test_other_objects_have_a_valid_name_of_63_characters_at_most(monitor: str) -> None:
    assert LABEL.fullmatch(child_name(monitor))
    assert len(child_name(monitor)) <= 63


@given(monitors, st.tuples(alerts, alerts))
def test_each_alert_has_an_object_name_of_its_own_in_63_characters(
    monitor: str, pair: tuple[str, str]
) -> None:
    names = {custom_rule_name(monitor, alert) for alert in pair}

    assert len(names) == len(set(pair))
    assert all(LABEL.fullmatch(name) and len(name) <= 63 for name in names)
    assert child_name(monitor) not in names


@given(st.tuples(monitors, checks), st.tuples(monitors, checks))
def test_no_two_checks_share_a_name(one: tuple[str, str], other: tuple[str, str]) -> None:
    assume(one != other)

    assert check_job_name(*one) != check_job_name(*other)
