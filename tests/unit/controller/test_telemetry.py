"""The operator's log, without what Kopf says of every event, and its metrics of reconciles."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from controller.telemetry import Telemetry, log_as_json


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    root, kopf = logging.getLogger(), logging.getLogger("kopf.objects")
    before = (root.handlers[:], root.level, kopf.level)
    yield io.StringIO()
    root.handlers[:], level, of_kopf = before
    root.setLevel(level)
    kopf.setLevel(of_kopf)


def told(log: io.StringIO) -> list[str]:
    logging.getLogger("kopf.objects").info("Handler 'Watches.definition_changed' succeeded.")
    logging.getLogger("kopf.objects").error("Handler 'Watches.changed' failed.")
    logging.getLogger("controller").info("listening")
    return [json.loads(line)["event"] for line in log.getvalue().splitlines()]


def test_what_kopf_hands_over_is_left_out(log: io.StringIO) -> None:
    log_as_json(log)
    assert told(log) == ["Handler 'Watches.changed' failed.", "listening"]


def test_a_verbose_log_has_it(log: io.StringIO) -> None:
    log_as_json(log, verbose=True)
    assert "Handler 'Watches.definition_changed' succeeded." in told(log)


def test_a_monitor_fails_until_a_reconcile_succeeds_and_not_after_it_is_forgotten() -> None:
    telemetry = Telemetry()

    def failing() -> float | None:
        labels = {"namespace": "ml", "modelmonitor": "sentiment"}
        return telemetry.registry.get_sample_value("modelmonitor_operator_reconcile_failing", labels)

    telemetry.reconciled("ml", "sentiment", seconds=0.1, failed=True)
    assert failing() == 1
    telemetry.reconciled("ml", "sentiment", seconds=0.1, failed=False)
    assert failing() == 0
    telemetry.forget("ml", "sentiment")
    assert failing() is None
