"""`python -m model_server [export]`: settings from the environment and flags, problems in a sentence."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from model_server.errors import InvalidSettings, StartError
from model_server.logs import configure_logging, quiet_kserve
from model_server.run import run
from model_server.settings import load_settings
from modelmonitor.store.errors import StoreError


def main(arguments: Sequence[str]) -> int:
    """Serve until told to stop, or write a model folder that needs no torch.

    Returns:
        0 after a clean stop, 1 if the server could not start, 2 if a setting cannot be used.
    """
    if arguments[:1] == ["export"]:
        from model_server.export import main as export

        return export(arguments[1:])
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
    """The flags that KServe's serving runtimes pass; kserve itself reads the others from the command line.

    Raises:
        InvalidSettings: a flag has no value, or more than one worker is asked for.
    """
    parser = argparse.ArgumentParser(
        prog="model_server", add_help=False, allow_abbrev=False, exit_on_error=False
    )
    parser.add_argument("--workers", default="1")
    for name in ("--http_port", "--grpc_port", "--model_name"):
        parser.add_argument(name, default=argparse.SUPPRESS)
    try:
        known = vars(parser.parse_known_args(arguments)[0])
    except argparse.ArgumentError as error:
        msg = f"the flags cannot be read: {error}; write --name=value."
        raise InvalidSettings(msg) from None
    if known.pop("workers") != "1":
        msg = (
            "--workers must be 1: each worker would have metrics and a log of its own, and /metrics show one "
            "of them; run more replicas instead."
        )
        raise InvalidSettings(msg)
    return known


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
