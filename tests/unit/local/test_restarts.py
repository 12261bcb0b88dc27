import os
import sys
from datetime import UTC, datetime, timedelta

import pytest

from modelmonitor.local.errors import ProcessFailed
from modelmonitor.local.process import ChildProcess
from modelmonitor.local.restarts import KeepAlive, Service, recent_restarts

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def minutes(number):
    return NOON + timedelta(minutes=number)


class Helper:
    """A real process as a service; `breaks` makes its next starts fail."""

    def __init__(self, tmp_path):
        self.process = ChildProcess(
            "helper",
            [sys.executable, "-c", "import time; print('hello', flush=True); time.sleep(60)"],
            environment=dict(os.environ),
            log=tmp_path / "helper.log",
        )
        self.breaks = False
        self.said = []
        service = Service(
            name="helper",
            log=self.process.log,
            pid=lambda: self.process.pid,
            start=self.start,
            stop=self.process.stop,
        )
        self.keeper = KeepAlive([service], say=self.said.append)

    def start(self):
        if self.breaks:
            raise ProcessFailed("the helper did not answer within 3 s")
        before = self.greetings()
        self.process.start()
        self.process.wait_ready(lambda: self.greetings() > before, timeout_s=30)

    def greetings(self):
        return self.process.log.read_text().count("hello\n") if self.process.log.exists() else 0

    def end(self):
        os.kill(self.process.pid, 9)
        while self.process.running:
            pass


@pytest.fixture
def helper(tmp_path):
    helper = Helper(tmp_path)
    helper.start()
    yield helper
    helper.process.stop()


def test_a_running_service_is_left_alone(helper):
    pid = helper.process.pid

    helper.keeper.tick(now=NOON)

    assert (helper.process.pid, helper.said) == (pid, [])


def test_a_service_that_was_killed_is_started_again_and_it_is_said(helper):
    helper.end()

    helper.keeper.tick(now=NOON)

    assert helper.process.running
    assert helper.said == [
        "the helper was killed by SIGKILL: starting it again (restart 1 of 3) …",
        "the helper answers again at the same address",
    ]


def test_the_fourth_end_within_ten_minutes_is_given_up_with_the_end_of_the_log(helper):
    for minute in (0, 1, 2):
        helper.end()
        helper.keeper.tick(now=minutes(minute))
    helper.end()

    with pytest.raises(ProcessFailed) as given_up:
        helper.keeper.tick(now=minutes(9))

    assert str(given_up.value) == (
        "the helper was killed by SIGKILL after 3 restarts in 10 minutes, so everything is stopped; "
        f"its log {helper.process.log} ends with:\nhello\nhello\nhello\nhello"
    )


def test_an_end_once_in_a_while_is_never_given_up(helper):
    for minute in (0, 4, 8, 12, 16, 20):
        helper.end()
        helper.keeper.tick(now=minutes(minute))

    assert helper.process.running


def test_a_start_that_fails_is_said_and_counts_as_a_restart(helper):
    helper.end()
    helper.breaks = True
    for minute in (0, 1, 2):
        helper.keeper.tick(now=minutes(minute))

    with pytest.raises(ProcessFailed, match="the helper is not running after 3 restarts"):
        helper.keeper.tick(now=minutes(3))

    assert helper.said.count("the helper did not answer within 3 s") == 3


def test_restarts_count_for_ten_minutes():
    past = (minutes(0), minutes(5))

    assert recent_restarts(past, now=minutes(9)) == past
    assert recent_restarts(past, now=minutes(10)) == (minutes(5),)
    assert recent_restarts(past, now=minutes(15)) == ()
