"""PostgreSQL as our child: kept data, killed servers, taken ports, and a password that nobody sees."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest

from modelmonitor.local.postgres import DataDirectoryInUse, EmbeddedPostgres, PortInUse
from modelmonitor.store.connection import connect

START_AND_DIE = """
import os, sys
from pathlib import Path
from modelmonitor.local.postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), durable=False)
server.start()
print(server.pid, flush=True)
os.kill(os.getpid(), 9)
"""


@pytest.fixture
def directory() -> Iterator[Path]:
    # Not in tmp_path: pytest closes its folder to the unprivileged user again whenever a session starts.
    with TemporaryDirectory(prefix="modelmonitor-") as path:
        yield Path(path) / "postgres"


def execute(url: str, statement: str) -> list[tuple[object, ...]]:
    with closing(connect(url, application_name="tests")) as conn, conn, conn.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def servers_of(directory: Path) -> list[int]:
    # A process that has ended but was not yet collected has no command line.
    option = str(directory / "cluster")
    return [process.pid for process in psutil.process_iter() if option in command_line(process)]


def command_line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def test_data_and_password_stay_for_the_next_start(directory: Path) -> None:
    with EmbeddedPostgres(directory, durable=False) as first:
        execute(first.create_database("kept"), "CREATE TABLE kept AS SELECT 42 AS answer")
        assert first.create_database("kept") == first.url("kept")
    assert first.pid is None
    with EmbeddedPostgres(directory) as second:
        assert execute(second.url("kept"), "SELECT answer FROM kept") == [(42,)]
        assert execute(second.url("kept"), "SHOW fsync") == [("on",)]


def test_a_killed_server_starts_again_with_its_data(directory: Path) -> None:
    with EmbeddedPostgres(directory, durable=False) as server:
        execute(server.url(), "CREATE TABLE kept AS SELECT 42 AS answer")
        url = server.url()
        os.kill(server.pid, signal.SIGKILL)
        server.stop()
        assert (directory / "cluster" / "postmaster.pid").exists()
        server.start()
        assert server.url() == url
        assert execute(url, "SELECT answer FROM kept") == [(42,)]


def test_a_server_whose_supervisor_was_killed_ends_and_its_directory_can_be_used(directory: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", START_AND_DIE, str(directory)], stdout=subprocess.PIPE, timeout=60
    )
    orphan = int(done.stdout)
    with EmbeddedPostgres(directory, durable=False) as server:
        assert server.pid != orphan
        assert servers_of(directory) == [server.pid]
        assert execute(server.url(), "SELECT 1") == [(1,)]


def test_a_pid_file_that_names_an_unrelated_process_does_not_matter(directory: Path) -> None:
    with EmbeddedPostgres(directory, durable=False):
        pid_file = (directory / "cluster" / "postmaster.pid").read_text()
    # As after a reboot: the number belongs to somebody else, here to this test.
    stale = "\n".join([str(os.getpid()), *pid_file.splitlines()[1:]])
    (directory / "cluster" / "postmaster.pid").write_text(stale)
    with EmbeddedPostgres(directory, durable=False) as server:
        assert execute(server.url(), "SELECT 1") == [(1,)]


def test_an_interrupted_initdb_is_done_again(directory: Path) -> None:
    (directory / "cluster.new").mkdir(parents=True)
    (directory / "cluster.new" / "PG_VERSION").write_text("18")
    with EmbeddedPostgres(directory, durable=False) as server:
        assert execute(server.url(), "SELECT 1") == [(1,)]


def test_a_port_in_use_is_said(directory: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(
            PortInUse, match=f"Port {port} on 127.0.0.1 is in use by another program: choose another"
        ):
            EmbeddedPostgres(directory, port=port, durable=False).start()


def test_a_second_supervisor_of_one_directory_is_refused(directory: Path, postgres: EmbeddedPostgres) -> None:
    with pytest.raises(DataDirectoryInUse, match=rf"is run by process {os.getpid()}: stop that"):
        EmbeddedPostgres(postgres.data_dir).start()
    assert execute(postgres.url(), "SELECT 1") == [(1,)]


def test_the_password_is_in_a_private_file_and_nowhere_else(directory: Path) -> None:
    with EmbeddedPostgres(directory, password="s3cret/@:", durable=False) as server:
        assert execute(server.url(), "SELECT 1") == [(1,)]
        assert "s3cret" not in " ".join(psutil.Process(server.pid).cmdline())
        assert "s3cret" not in server.log.read_text() + repr(server)
    assert (directory / "password").read_text() == "s3cret/@:"
    assert (directory / "password").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in directory.iterdir() if "password" in path.name] == ["password"]


def test_the_server_never_runs_as_root_and_listens_on_the_loopback_only(postgres: EmbeddedPostgres) -> None:
    server = psutil.Process(postgres.pid)
    listening = {socket.laddr.ip for socket in server.connections() if socket.status == psutil.CONN_LISTEN}
    assert server.uids().effective != 0
    assert listening == {"127.0.0.1"}
