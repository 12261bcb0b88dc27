"""`python -m model_server.collector`: settings from the environment, problems in a sentence."""

from __future__ import annotations

import sys

from model_server.collector.logs import configure_logging
from model_server.collector.run import run
from model_server.collector.settings import load_settings
from model_server.errors import StartError
from modelmonitor.store.errors import StoreError


def main() -> int:
    """Collect until told to stop.

    Returns:
        0 after a clean stop, 1 if the collector could not start, 2 if a setting cannot be used.
    """
    try:
        settings = load_settings()
        configure_logging()
        run(settings)
    except (StartError, StoreError) as error:
        sys.stderr.write(f"model_server.collector: {error}\n")
        return error.exit_code if isinstance(error, StartError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
