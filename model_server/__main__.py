"""`python -m model_server`: settings from the environment, KServe's flags on top, problems in a sentence."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from model_server.errors import StartError
from model_server.logs import configure_logging, quiet_kserve
from model_server.run import run
from model_server.settings import load_settings
from modelmonitor.store.errors import StoreError


def main(arguments: Sequence[str]) -> int:
    """Serve until told to stop.

    Returns:
        0 after a clean stop, 1 if the server could not start, 2 if a setting cannot be used.
    """
    try:
        settings = load_settings(flags(arguments))
        quiet_kserve()
        configure_logging()
        run(settings)
    except (StartError, StoreError) as error:
        sys.stderr.write(f"model_server: {error}\n")
        return error.exit_code if isinstance(error, StartError) else 1
    return 0


def flags(arguments: Sequence[str]) -> dict[str, Any]:
    """The flags that KServe's serving runtimes pass; kserve itself reads the others from the command line."""
    parser = argparse.ArgumentParser(prog="model_server", add_help=False, allow_abbrev=False)
    for name in ("--http_port", "--grpc_port", "--model_name"):
        parser.add_argument(name, default=argparse.SUPPRESS)
    known, _ = parser.parse_known_args(arguments)
    return vars(known)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
