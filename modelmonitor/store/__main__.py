"""`python -m modelmonitor.store`: bring a database to the schema of this version, as the chart's Job does."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Final

from modelmonitor.store.errors import DatabaseUnreachable, StoreError
from modelmonitor.store.schema import migrate

URL: Final = "MM_STORE_DATABASE_URL"
_PAUSE_S: Final = 2.0


def main(arguments: Sequence[str]) -> int:
    """Migrate, and wait for a database that does not answer yet.

    Returns:
        0 if the schema is this version's, 1 if PostgreSQL refused, 2 without an address, 3 without an answer.
    """
    options = _parser().parse_args(arguments)
    url = os.environ.get(URL, "")
    if not url:
        sys.stderr.write(f"modelmonitor.store: set {URL} to postgresql://user:password@host:port/name.\n")
        return 2
    try:
        applied = waited(lambda: migrate(url), wait_s=options.wait_s)
    except DatabaseUnreachable as error:
        sys.stderr.write(f"modelmonitor.store: {error}\n")
        return 3
    except StoreError as error:
        sys.stderr.write(f"modelmonitor.store: {error}\n")
        return 1
    sys.stdout.write(f"applied {', '.join(applied)}\n" if applied else "the schema is up to date\n")
    return 0


def waited(action: Callable[[], tuple[str, ...]], *, wait_s: float) -> tuple[str, ...]:
    """What the action gives; while the database does not answer, it is repeated for that many seconds.

    Raises:
        DatabaseUnreachable: it did not answer within the time.
    """
    deadline = time.monotonic() + wait_s
    while True:
        try:
            return action()
        except DatabaseUnreachable:
            if time.monotonic() + _PAUSE_S > deadline:
                raise
            time.sleep(_PAUSE_S)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m modelmonitor.store", description=f"Migrate the database of {URL}."
    )
    parser.add_argument("--wait-s", type=float, default=0.0, help="seconds to wait for the database")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
