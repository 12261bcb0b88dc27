"""The spool on a real file system: order, limits, restarts and removal."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelmonitor.store.errors import LogNotOpen, SpoolFull, SpoolInUse, SpoolUnwritable
from modelmonitor.store.segment import encode_header, encode_records
from modelmonitor.store.spool import Spool

COLUMNS = ("row",)
HEADER = len(encode_header(COLUMNS))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def spool_in(directory: Path, *, segment_bytes: int = 1 << 20, max_bytes: int = 1 << 22, clock=None) -> Spool:
    spool = Spool(
        directory, columns=COLUMNS, segment_bytes=segment_bytes, max_bytes=max_bytes, clock=clock or Clock()
    )
    spool.open()
    return spool


def put(spool: Spool, *rows: bytes) -> None:
    spool.append(encode_records(rows))


def take(spool: Spool, *, max_rows: int = 100, max_bytes: int = 1 << 20) -> tuple[bytes, ...]:
    batch = spool.read(max_rows=max_rows, max_bytes=max_bytes)
    if batch is None:
        return ()
    spool.release(batch)
    return batch.records.rows


def take_all(spool: Spool) -> list[bytes]:
    return [row for rows in iter(lambda: take(spool), ()) for row in rows]


def segments(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.glob("*.spool"))


def test_rows_come_out_once_in_the_order_they_went_in(tmp_path: Path) -> None:
    spool = spool_in(tmp_path)
    put(spool, b"one", b"two")
    put(spool, b"three")
    assert [take(spool, max_rows=2), take(spool), take(spool)] == [(b"one", b"two"), (b"three",), ()]


def test_rows_that_were_not_released_are_read_again(tmp_path: Path) -> None:
    spool = spool_in(tmp_path)
    put(spool, b"one")
    assert spool.read(max_rows=1, max_bytes=100) == spool.read(max_rows=1, max_bytes=100)
    assert take(spool) == (b"one",)


def test_rows_left_by_one_process_are_found_by_the_next_before_new_ones(tmp_path: Path) -> None:
    first = spool_in(tmp_path)
    put(first, b"old")
    first.close()
    second = spool_in(tmp_path)
    put(second, b"new")
    assert take_all(second) == [b"old", b"new"]


def test_a_torn_record_at_the_end_is_cut_and_nothing_else(tmp_path: Path) -> None:
    first = spool_in(tmp_path)
    put(first, b"whole")
    first.close()
    with (tmp_path / segments(tmp_path)[0]).open("ab") as file:
        file.write(encode_records([b"never acknowledged"])[:-3])
    second = spool_in(tmp_path)
    put(second, b"later")
    assert take_all(second) == [b"whole", b"later"]
    assert second.pending_bytes == 0


def test_a_drained_segment_is_removed_and_the_active_one_when_it_is_old(tmp_path: Path) -> None:
    clock = Clock()
    spool = spool_in(tmp_path, segment_bytes=HEADER + 20, clock=clock)
    put(spool, b"0123456789")
    put(spool, b"next segment")
    assert take_all(spool) == [b"0123456789", b"next segment"]
    assert segments(tmp_path) == ["00000000000000000002.spool"]
    spool.retire(older_than_s=60)
    assert segments(tmp_path) == ["00000000000000000002.spool"]
    clock.now = 61
    spool.retire(older_than_s=60)
    assert segments(tmp_path) == []
    put(spool, b"again")
    assert take_all(spool) == [b"again"]


def test_an_active_segment_with_rows_to_drain_is_never_removed(tmp_path: Path) -> None:
    clock = Clock()
    spool = spool_in(tmp_path, clock=clock)
    put(spool, b"waiting")
    clock.now = 1000
    spool.retire(older_than_s=60)
    assert take_all(spool) == [b"waiting"]


def test_a_full_segment_that_was_drained_before_the_next_began_does_not_block_it(tmp_path: Path) -> None:
    spool = spool_in(tmp_path, segment_bytes=HEADER + 20)
    put(spool, b"0123456789")
    assert take(spool) == (b"0123456789",)
    put(spool, b"next segment")
    assert take_all(spool) == [b"next segment"]


def test_a_row_larger_than_a_batch_and_a_segment_still_goes_through(tmp_path: Path) -> None:
    spool = spool_in(tmp_path, segment_bytes=200)
    put(spool, b"small")
    put(spool, b"x" * 5000)
    put(spool, b"tiny")
    rows = [take(spool, max_bytes=64) for _ in range(3)]
    assert rows == [(b"small",), (b"x" * 5000,), (b"tiny",)]


def test_a_full_spool_says_so_and_keeps_what_it_has(tmp_path: Path) -> None:
    spool = spool_in(tmp_path, segment_bytes=500, max_bytes=2000)
    stored = []

    def fill() -> None:
        while True:
            row = f"row {len(stored):03d}".encode()
            put(spool, row)
            stored.append(row)

    with pytest.raises(
        SpoolFull, match="holds its limit of 2000 bytes: bring PostgreSQL back or raise max_bytes"
    ):
        fill()
    assert take_all(spool) == stored
    put(spool, b"room again")
    assert take_all(spool) == [b"room again"]


def test_a_second_writer_is_refused_until_the_first_lets_go(tmp_path: Path) -> None:
    first = spool_in(tmp_path)
    with pytest.raises(SpoolInUse, match=r"is in use by process \d+: stop it, or give this writer its own"):
        spool_in(tmp_path)
    first.close()
    spool_in(tmp_path).close()


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(
        SpoolUnwritable, match=r"file/spool cannot be written \(Not a directory\): check its disk"
    ):
        spool_in(tmp_path / "file" / "spool")


def test_appending_to_a_spool_that_is_not_open_is_refused(tmp_path: Path) -> None:
    spool = spool_in(tmp_path)
    spool.close()
    with pytest.raises(LogNotOpen, match=r"call start\(\) first"):
        put(spool, b"late")


def test_a_segment_killed_inside_its_header_is_removed(tmp_path: Path) -> None:
    (tmp_path / "00000000000000000001.spool").write_bytes(encode_header(COLUMNS)[:7])
    (tmp_path / "00000000000000000002.spool").write_bytes(b"")
    assert take_all(spool_in(tmp_path)) == []
    assert segments(tmp_path) == []


def test_a_segment_of_another_format_is_left_for_the_version_that_wrote_it(tmp_path: Path, caplog) -> None:
    newer = encode_header(COLUMNS)[:8] + b"\x00\x02" + bytes(40)
    (tmp_path / "00000000000000000007.spool").write_bytes(newer)
    spool = spool_in(tmp_path)
    put(spool, b"mine")
    assert take_all(spool) == [b"mine"]
    assert segments(tmp_path) == ["00000000000000000007.spool", "00000000000000000008.spool"]
    assert "format 2, this version reads 1; drain it with the version that wrote it" in caplog.text


def test_only_the_owner_may_read_the_spool(tmp_path: Path) -> None:
    spool = spool_in(tmp_path / "spool")
    put(spool, b"private")
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "spool").iterdir()}
    assert modes == {"lock": 0o600, "00000000000000000001.spool": 0o600}
    assert (tmp_path / "spool").stat().st_mode & 0o777 == 0o700


@contextlib.contextmanager
def no_room_in(directory: Path) -> Iterator[None]:
    """Open files of the directory get the kernel's own ENOSPC at each write; nothing has to be mounted."""
    open_files = [
        int(link.name) for link in Path("/proc/self/fd").iterdir() if _target(link).parent == directory
    ]
    kept = {fd: os.dup(fd) for fd in open_files}
    full = os.open("/dev/full", os.O_WRONLY)
    for fd in kept:
        os.dup2(full, fd)
    os.close(full)
    yield
    for fd, copy in kept.items():
        os.dup2(copy, fd)
        os.close(copy)


def _target(link: Path) -> Path:
    try:
        return link.readlink()
    except FileNotFoundError:  # the descriptor of the listing itself
        return link


def test_a_disk_without_room_refuses_and_goes_on_once_there_is_some(tmp_path: Path) -> None:
    spool = spool_in(tmp_path)
    put(spool, b"before")
    with (
        no_room_in(tmp_path),
        pytest.raises(SpoolFull, match=r"cannot grow \(No space left on device\): free its disk or bring"),
    ):
        put(spool, b"refused")
    put(spool, b"after")

    assert take_all(spool) == [b"before", b"after"]
