"""No acknowledged prediction is lost and none is doubled, whatever is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from modelmonitor.local.postgres import EmbeddedPostgres
from modelmonitor.store.connection import connect
from modelmonitor.store.log import LogSettings, PredictionLog
from modelmonitor.store.records import Prediction
from modelmonitor.store.schema import migrate

WRITER = Path(__file__).with_name("writer_process.py")
ID_LINE = 37
# Long enough for the pauses to have reached several seconds.
OUTAGE_S = 8.0


class Writer:
    """A writer process and the file of what it acknowledged."""

    def __init__(self, spool: Path, acknowledged: Path, **environment: str) -> None:
        self.acknowledged = acknowledged
        with acknowledged.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, str(WRITER), str(spool), "4", "5"],
                stdout=output,
                stderr=subprocess.PIPE,
                env={**os.environ, **environment},
            )

    def wait_for_rows(self, count: int) -> None:
        goal = self.acknowledged.stat().st_size + count * ID_LINE
        while self.acknowledged.stat().st_size < goal:
            assert self.process.poll() is None, self.process.stderr.read().decode()
            time.sleep(0.01)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def acknowledged_ids(path: Path) -> list[str]:
    # The last line of each killed writer may be cut: its row may or may not be there.
    return [line for line in path.read_text().split("\n") if is_id(line)]


def is_id(line: str) -> bool:
    try:
        return str(uuid.UUID(line)) == line
    except ValueError:
        return False


def drain(spool: Path, database_url: str) -> None:
    log = PredictionLog(LogSettings(spool, database_url, retry_max_s=0.2))
    log.start()
    assert log.flush(timeout_s=60)
    log.close(timeout_s=5)


def stored_ids(database_url: str) -> list[str]:
    with closing(connect(database_url, application_name="tests")) as conn, conn.cursor() as cursor:
        cursor.execute("SELECT prediction_id::text FROM prediction_logs")
        return [row[0] for row in cursor]


@contextmanager
def killed_at_the_end(writer: Writer) -> Iterator[Writer]:
    try:
        yield writer
    finally:
        writer.kill()


@pytest.fixture
def own_postgres() -> Iterator[EmbeddedPostgres]:
    # Not in tmp_path: pytest closes its folder to the unprivileged user again whenever a session starts.
    with (
        TemporaryDirectory(prefix="modelmonitor-") as directory,
        EmbeddedPostgres(Path(directory), durable=False) as server,
    ):
        yield server


def test_nothing_acknowledged_is_lost_or_doubled_when_writer_and_database_are_killed(
    own_postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    database_url = own_postgres.create_database("logs")
    migrate(database_url)
    spool, acknowledged = tmp_path / "spool", tmp_path / "acknowledged"

    for round_number in range(5):
        with killed_at_the_end(Writer(spool, acknowledged, DATABASE_URL=database_url)) as writer:
            writer.wait_for_rows(1500)
            if round_number % 2:
                os.kill(own_postgres.pid, signal.SIGKILL)
            own_postgres.stop()
            writer.wait_for_rows(1000)
            own_postgres.start()
            writer.wait_for_rows(1500)

    drain(spool, database_url)
    stored, sure = stored_ids(database_url), acknowledged_ids(acknowledged)
    assert len(sure) >= 5 * 3900
    assert set(sure) <= set(stored)
    assert len(stored) == len(set(stored))
    # Each killed thread may have had one append in flight that was stored but not yet acknowledged.
    assert len(stored) <= len(sure) + 5 * 4 * 5 * 2
    assert not list(spool.glob("*.spool"))


def test_rows_written_while_the_database_was_never_up_arrive_later(database_url: str, tmp_path: Path) -> None:
    spool, acknowledged = tmp_path / "spool", tmp_path / "acknowledged"
    with killed_at_the_end(
        Writer(spool, acknowledged, DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    ) as writer:
        writer.wait_for_rows(2000)
    drain(spool, database_url)
    assert set(acknowledged_ids(acknowledged)) <= set(stored_ids(database_url))


def test_a_file_system_without_room_refuses_clearly_and_keeps_what_was_acknowledged(
    database_url: str, tmp_path: Path
) -> None:
    spool, acknowledged = tmp_path / "spool", tmp_path / "acknowledged"
    writer = Writer(spool, acknowledged, FILE_SIZE_LIMIT="100001")
    _, complaint = writer.process.communicate(timeout=60)
    assert b"cannot grow (File too large): free its disk or bring PostgreSQL back." in complaint
    drain(spool, database_url)
    sure = acknowledged_ids(acknowledged)
    assert len(sure) > 100
    assert sorted(stored_ids(database_url)) == sorted(sure)


def test_a_full_disk_refuses_clearly_and_keeps_what_was_acknowledged(
    database_url: str, tmp_path: Path
) -> None:
    disk, kept, acknowledged = tmp_path / "disk", tmp_path / "kept", tmp_path / "acknowledged"
    disk.mkdir()
    # The disk exists only inside the namespace, so its content is copied out before that ends.
    script = 'mount -t tmpfs -o size=1m spool "$1" && "$2" "$3" "$1/spool" 4 5 && cp -r "$1/spool" "$4"'
    command = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"]), "sh", "-c", script]
    with acknowledged.open("wb") as output:
        done = subprocess.run(
            [*command, "sh", disk, sys.executable, WRITER, kept],
            stdout=output,
            stderr=subprocess.PIPE,
            timeout=60,
        )
    if b"unshare" in done.stderr or b"mount:" in done.stderr:
        pytest.skip(f"this machine lets nobody mount a small disk: {done.stderr.decode()}")
    assert b"cannot grow (No space left on device): free its disk or bring PostgreSQL back." in done.stderr
    drain(kept, database_url)
    assert sorted(stored_ids(database_url)) == sorted(acknowledged_ids(acknowledged))


def test_an_outage_with_the_pauses_of_production_ends_with_everything_stored_once(
    own_postgres: EmbeddedPostgres, tmp_path: Path, make_prediction: Callable[..., Prediction]
) -> None:
    """Ten minutes of it are `make bench-log`; their pauses are in tests/unit/store/test_drain.py."""
    database_url = own_postgres.create_database("outage")
    migrate(database_url)
    log = PredictionLog(LogSettings(tmp_path / "spool", database_url))
    log.start()
    ids = []
    own_postgres.stop()
    down_since = time.monotonic()
    while time.monotonic() - down_since < OUTAGE_S:
        rows = [make_prediction() for _ in range(20)]
        log.append(rows)
        ids += [str(row.prediction_id) for row in rows]
        time.sleep(0.01)
    assert log.flush(timeout_s=0) is False
    own_postgres.start()

    assert log.flush(timeout_s=60)
    log.close(timeout_s=5)
    assert sorted(stored_ids(database_url)) == sorted(ids)
