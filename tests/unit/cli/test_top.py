"""The live view: keys, and frames that fit the terminal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from modelmonitor.cli.model import AlertLine, CheckLine, SourceLine, Status
from modelmonitor.cli.top_text import frame, last_line
from modelmonitor.cli.top_view import View, press, visible
from modelmonitor.health import Measured, Thresholds, assess

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
DRIFT = CheckLine("data", "data", "Drift", "critical", run="r1", at=NOW)


def status(name, *, confidence=0.9, checks=()):
    measured = Measured(confidence, 0.05, 0.03, 0.0, model_loaded=True)
    return Status(
        name=name,
        namespace="ml",
        backend="cluster",
        at=NOW,
        total=10,
        classes={"POSITIVE": 10},
        rate=3.9,
        health=assess(measured, Thresholds()),
        checks=checks,
        alerts=(AlertLine("ModelDriftDetected", "critical", NOW),) if checks else (),
        trend=(0.9, 0.8, None, 0.6),
        sources=(SourceLine("database", answered=True, took_ms=3),),
    )


THREE = (status("good"), status("bad", checks=(DRIFT,)), status("weak", confidence=0.7))


def drawn(view, *, width=80, height=24, statuses=THREE):
    out = Console(file=StringIO(), width=width, height=height, highlight=False)
    out.print(frame(statuses, view, width=width, height=height, interval_s=10, now=NOW))
    return [line.rstrip() for line in out.file.getvalue().splitlines()]


def test_the_worst_stands_first():
    assert [each.name for each in visible(THREE, View())] == ["bad", "weak", "good"]


def test_a_frame_shows_every_monitor_the_sources_and_the_keys():
    lines = drawn(View(selected=-1))

    assert lines[0] == "modelmonitor top  3 monitors, every 10 s, sorted by state, 12:00:00 UTC"
    assert lines[1].split() == ["NAME", "STATE", "REQ/S", "ERR", "P95", "CONF", "LOW", "DRIFT", "ALERTS"]
    assert lines[2].split()[:6] == ["bad", "Critical", "3.9", "0.0%", "30", "ms"]
    assert lines[-2:] == ["database 3 ms", "q quit  s sort  / filter  enter detail"]


@settings(deadline=None, max_examples=40)
@given(
    width=st.integers(20, 200),
    height=st.integers(5, 60),
    count=st.integers(0, 90),
    selected=st.integers(0, 100),
    detail=st.booleans(),
)
def test_a_frame_never_leaves_the_terminal(width, height, count, selected, detail):
    statuses = tuple(status(f"monitor-with-a-long-name-{n}", checks=(DRIFT,)) for n in range(count))

    lines = drawn(View(selected=selected, detail=detail), width=width, height=height, statuses=statuses)

    assert len(lines) <= height
    assert all(len(line) <= width for line in lines)


@pytest.mark.parametrize(
    ("keys", "view"),
    [
        (["q"], View(done=True)),
        (["s"], View(sort="name")),
        (["s"] * 5, View()),
        (["down", "down", "down"], View(selected=2)),
        (["up"], View()),
        (["enter", "escape"], View()),
        (["/", "b", "x", "backspace", "enter"], View(wanted="b")),
        (["/", "q", "escape"], View()),
        (["enter"], View(detail=True)),
    ],
)
def test_keys_change_the_view(keys, view):
    changed = View()
    for key in keys:
        changed = press(changed, key, lines=3)

    assert changed == view


def test_one_line_stays_behind():
    assert last_line(THREE) == "bad Critical, weak Warning, good Healthy"
    assert last_line(()) == "nothing was read"


def test_a_monitor_that_is_filtered_out_is_not_shown():
    assert [each.name for each in visible(THREE, replace(View(), wanted="ba"))] == ["bad"]
