"""What is piped is never cut: an identity without its end is none."""

from __future__ import annotations

import pytest

from modelmonitor.cli.printing import printer
from modelmonitor.cli.status_text import plain_table

ROW = ["4b8d5dad1d13487ea2f5f1d7da2b228d"] * 5


def printed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    table = plain_table(*"ABCDE")
    table.add_row(*ROW)
    printer().print(table)
    return capsys.readouterr().out.splitlines()[1].split()


def test_a_pipe_gets_every_column_whole(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)

    assert printed(capsys) == ROW


def test_a_width_that_is_asked_for_is_kept(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")

    assert all(cell.endswith("…") for cell in printed(capsys))
