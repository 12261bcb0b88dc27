"""What the process writes to standard error: one line a matter, nothing of what was sent."""

from __future__ import annotations

import logging.config
from typing import Any, Final

from model_server.logs import FORMAT

_CONFIG: Final[dict[str, Any]] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": FORMAT}},
    "handlers": {"line": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["line"], "level": "WARNING"},
    "loggers": {
        "model_server": {"level": "INFO"},
        "modelmonitor": {"level": "INFO"},
        # Malformed HTTP is a warning there, one line for each: scanners would fill the log.
        "uvicorn": {"level": "ERROR"},
        "asyncio": {"level": "ERROR"},
    },
}


def configure_logging() -> None:
    """Take over all loggers."""
    logging.config.dictConfig(_CONFIG)
