"""A PostgreSQL data directory: made whole or not at all, and rid of what a killed supervisor left."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Final

import psutil

from modelmonitor.local.errors import LocalError
from modelmonitor.local.postgres_account import Account, programs

USER: Final = "postgres"
_ORPHAN_S = 30.0


class PostgresFailed(LocalError):  # the name says where to look
    """PostgreSQL ended, or did not answer, while starting; the message ends with its log."""


def environment() -> dict[str, str]:
    """The environment of PostgreSQL's programs; settings of ours, libpq's or the locale's do not leak in."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def make_cluster(cluster: Path, *, account: Account, password: str, durable: bool) -> None:
    """Run initdb, with SCRAM passwords for everybody.

    Raises:
        PostgresFailed: initdb ended with an error.
    """
    # Under another name at first, so that an interrupted initdb is never taken for a cluster.
    unfinished, password_file = cluster.with_suffix(".new"), cluster.with_suffix(".password")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    write_private(password_file, password)
    account.give(unfinished)
    account.give(password_file)
    try:
        _initdb(unfinished, password_file, account=account, durable=durable)
    finally:
        password_file.unlink()
    unfinished.rename(cluster)


def write_private(path: Path, text: str) -> None:
    """Replace a file by one that only we can read."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def end_orphans(cluster: Path) -> None:
    """End every PostgreSQL process that still works in the cluster, and remove its pid file.

    Only for the holder of the directory's lock. A server whose supervisor was killed would keep the
    shared memory, and a pid file whose number is another process by now would stop a new server.
    """
    orphans = [process for process in psutil.process_iter() if _works_in(process, cluster)]
    for process in orphans:
        _tell(process, signal.SIGINT)
    _, stubborn = psutil.wait_procs(orphans, timeout=_ORPHAN_S)
    for process in stubborn:
        _tell(process, signal.SIGKILL)
    psutil.wait_procs(stubborn, timeout=_ORPHAN_S)
    (cluster / "postmaster.pid").unlink(missing_ok=True)


def _initdb(cluster: Path, password_file: Path, *, account: Account, durable: bool) -> None:
    command = [
        str(programs() / "initdb"),
        f"--pgdata={cluster}",
        f"--username={USER}",
        f"--pwfile={password_file}",
    ]
    command += ["--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions"]
    command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    command += [] if durable else ["--no-sync"]
    done = subprocess.run(
        command,
        cwd=cluster,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        user=account.switch_uid,
        group=account.switch_gid,
        extra_groups=account.switch_groups,
    )
    if done.returncode:
        raise PostgresFailed(f"initdb failed for {cluster}: {done.stderr.strip()}")


def _works_in(process: psutil.Process, cluster: Path) -> bool:
    try:
        return process.name().startswith("postgres") and Path(process.cwd()) == cluster.resolve()
    except (psutil.Error, OSError):
        return False


def _tell(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return
