"""PostgreSQL as a child process: programs of a PyPI wheel, one data directory, one supervisor at a time."""

from __future__ import annotations

import contextlib
import secrets
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote

from psycopg2 import errors, sql

from modelmonitor.local.errors import LocalError
from modelmonitor.local.postgres_account import Account, account, programs
from modelmonitor.local.postgres_cluster import (
    USER,
    PostgresFailed,
    end_orphans,
    environment,
    make_cluster,
    write_private,
)
from modelmonitor.local.process import die_with_parent, log_tail
from modelmonitor.store.connection import connect
from modelmonitor.store.lock import DirectoryLock, DirectoryTaken

__all__ = ["DataDirectoryInUse", "EmbeddedPostgres", "PortInUse", "PostgresFailed"]

HOST: Final = "127.0.0.1"
_START_S = 60.0
_STOP_S = 30.0
_POLL_S = 0.02
# Few large checkpoints suit a log; everything else is PostgreSQL's default.
_SETTINGS: Final = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_NOT_DURABLE: Final = {"fsync": "off", "full_page_writes": "off"}


class PortInUse(LocalError):  # the name says what to change
    """Another program listens on the port."""


class DataDirectoryInUse(LocalError):
    """Another supervisor runs PostgreSQL in this directory."""


class EmbeddedPostgres:
    """A PostgreSQL server that lives as long as this object is started; its data stay for the next start.

    Start it from a thread that outlives it: the kernel stops the server when that thread ends.

    Args:
        data_dir: holds the cluster, the password (file `password`, mode 0600) and `postgres.log`.
        port: on 127.0.0.1; 0 takes a free one and keeps it over restarts of this object.
        password: of the user postgres, used only when the cluster is made; a random one by default.
        durable: False gives up safety against power cuts for speed; for tests.
    """

    def __init__(
        self, data_dir: Path, *, port: int = 0, password: str | None = None, durable: bool = True
    ) -> None:
        self.data_dir = data_dir.absolute()
        self.port = port
        self.log = self.data_dir / "postgres.log"
        self._first_password = password
        self._durable = durable
        self._cluster = self.data_dir / "cluster"
        self._password_file = self.data_dir / "password"
        self._lock = DirectoryLock(self.data_dir, name="postgres.lock")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start the server."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the server."""
        self.stop()

    @property
    def pid(self) -> int | None:
        """Process id of the server, or None when it is not started."""
        return None if self._process is None else self._process.pid

    def url(self, database: str = "postgres") -> str:
        """Connection URL of a database, with the password in it: keep it out of logs and command lines."""
        password = quote(self._password_file.read_text("utf-8"), safe="")
        return f"postgresql://{USER}:{password}@{HOST}:{self.port}/{quote(database, safe='')}"

    def start(self) -> None:
        """Return when the server answers; makes a missing cluster, ends what a killed supervisor left.

        Raises:
            PortInUse: the port is taken.
            DataDirectoryInUse: another supervisor is at work in this directory.
            PostgresFailed: the server, or initdb, ended with an error.
            PostgresMissing: the wheel is not installed, or we are root and there is no other user.
        """
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self._lock.acquire()
        except DirectoryTaken as taken:
            raise DataDirectoryInUse(
                f"PostgreSQL in {self.data_dir} is run by process {taken.holder}: "
                "stop that, or use another directory."
            ) from None
        try:
            self._start(account())
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the server fast but cleanly; does nothing when it is not started."""
        process, self._process = self._process, None
        if process is not None:
            _end(process)
        self._lock.release()

    def create_database(self, name: str) -> str:
        """Make a database unless it exists; its URL."""
        conn = connect(self.url(), application_name="modelmonitor-local")
        conn.autocommit = True
        with contextlib.closing(conn), conn.cursor() as cursor, contextlib.suppress(errors.DuplicateDatabase):
            cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.url(name)

    def _start(self, runner: Account) -> None:
        runner.let_through(self._cluster)
        runner.let_through(programs() / "postgres")
        if not (self._cluster / "PG_VERSION").exists():
            write_private(self._password_file, self._first_password or secrets.token_urlsafe(24))
            make_cluster(
                self._cluster,
                account=runner,
                password=self._password_file.read_text("utf-8"),
                durable=self._durable,
            )
        end_orphans(self._cluster)
        self.port = _free_port(self.port)
        self._process = self._launch(runner)
        self._wait_until_ready(self._process)

    def _launch(self, runner: Account) -> subprocess.Popen[bytes]:
        settings = {**_SETTINGS, **({} if self._durable else _NOT_DURABLE), "port": str(self.port)}
        command = [str(programs() / "postgres"), "-D", str(self._cluster)]
        command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with self.log.open("ab") as output:
            return subprocess.Popen(
                command,
                cwd=self._cluster,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=runner.switch_uid,
                group=runner.switch_gid,
                extra_groups=runner.switch_groups,
                preexec_fn=die_with_parent(signal.SIGINT),  # noqa: PLW1509  # it takes no lock
            )

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_S
        while not self._says_ready(process.pid):
            if process.poll() is not None or time.monotonic() > deadline:
                raise self._failure()
            time.sleep(_POLL_S)

    def _says_ready(self, pid: int) -> bool:
        try:
            lines = (self._cluster / "postmaster.pid").read_text("utf-8").splitlines()
        except FileNotFoundError:
            return False
        # The file is there before its lines are.
        return lines[:1] == [str(pid)] and lines[-1].strip() == "ready"

    def _failure(self) -> LocalError:
        _free_port(self.port)
        return PostgresFailed(
            f"PostgreSQL in {self.data_dir} did not start; its log {self.log} ends with:\n"
            f"{log_tail(self.log)}"
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    # Fast shutdown, then immediate shutdown (recovers from its journal at the next start), then the kernel.
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_S)
            return


def _free_port(wanted: int) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Connections of the last server that still close do not count, as they do not for PostgreSQL.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
        except OSError:
            raise _port_in_use(wanted) from None
        return int(probe.getsockname()[1])


def _port_in_use(port: int) -> PortInUse:
    return PortInUse(
        f"Port {port} on {HOST} is in use by another program: choose another one, or 0 for any free one."
    )
