"""Rows set aside take bounded space: the newest stay, and whatever goes is counted."""

from __future__ import annotations

import base64
import errno
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from modelmonitor.store.dead_letters import NAME, OLDER_NAME, DeadLetters

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
MAX_BYTES = 2000


@pytest.fixture
def letters(tmp_path: Path) -> DeadLetters:
    return DeadLetters(tmp_path, max_bytes=MAX_BYTES, now=lambda: NOON)


def kept(directory: Path) -> list[bytes]:
    lines = [
        line
        for name in (OLDER_NAME, NAME)
        if (directory / name).exists()
        for line in (directory / name).read_text().splitlines()
    ]
    return [base64.b64decode(json.loads(line)["row"]) for line in lines]


def test_a_row_is_kept_with_its_reason_for_its_owner_alone(letters: DeadLetters, tmp_path: Path) -> None:
    assert letters.keep([b"poison"], columns=("a", "b"), reason="refused") == 0

    [line] = (tmp_path / NAME).read_text().splitlines()
    assert json.loads(line) == {
        "kept_at": "2026-03-04T12:00:00+00:00",
        "reason": "refused",
        "columns": ["a", "b"],
        "row": base64.b64encode(b"poison").decode(),
    }
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600


def test_the_newest_rows_stay_within_the_bound_and_the_others_are_counted(
    letters: DeadLetters, tmp_path: Path
) -> None:
    rows = [f"row {number:03d}".encode() for number in range(100)]
    discarded = sum(letters.keep([row], columns=("a",), reason="refused") for row in rows)

    left = kept(tmp_path)
    assert left == rows[-len(left) :]
    assert len(left) + discarded == len(rows)
    assert len(left) >= 8
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= MAX_BYTES


def test_of_a_row_longer_than_half_the_reason_and_the_length_stay(
    letters: DeadLetters, tmp_path: Path
) -> None:
    assert letters.keep([b"x" * MAX_BYTES], columns=("a",), reason="refused") == 1

    [line] = (tmp_path / NAME).read_text().splitlines()
    assert (json.loads(line)["reason"], json.loads(line)["row_bytes"]) == ("refused", MAX_BYTES)


def test_a_full_disk_costs_the_row_and_leaves_no_half_line(
    letters: DeadLetters, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters.keep([b"before"], columns=("a",), reason="refused")
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, data[:10]))
    lost = letters.keep([b"poison"], columns=("a",), reason="refused")
    monkeypatch.undo()
    letters.keep([b"after"], columns=("a",), reason="refused")

    assert lost == 1
    assert kept(tmp_path) == [b"before", b"after"]


def test_a_disk_that_fails_is_no_reason_to_forget(
    letters: DeadLetters, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_fd: int, _data: bytes) -> int:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(os, "write", fail)
    with pytest.raises(OSError, match="broken"):
        letters.keep([b"poison"], columns=("a",), reason="refused")
