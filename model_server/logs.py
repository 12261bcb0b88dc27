"""What the process writes to standard error: one line a matter, no access log, no texts."""

from __future__ import annotations

import logging
import logging.config
import os
import warnings
from typing import Any, Final

KSERVE_LEVEL: Final = "KSERVE_LOGLEVEL"
FORMAT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def quiet_kserve() -> None:
    """Set kserve's level, unless the user has; kserve reads it when it is imported, so this comes before."""
    os.environ.setdefault(KSERVE_LEVEL, "WARNING")


class NoTraceback(logging.Filter):
    """Drops tracebacks: kserve logs one for each bad gRPC request, and they may quote what the user sent."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the record, without its traceback."""
        record.exc_info = None
        record.exc_text = None
        return True


def configure_logging() -> None:
    """Take over the loggers of kserve and uvicorn, which kserve leaves alone once they have handlers."""
    level = os.environ.get(KSERVE_LEVEL, "WARNING")
    quiet = {"handlers": ["quiet"], "level": level, "propagate": False}
    config: dict[str, Any] = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"format": FORMAT}},
        "filters": {"no_traceback": {"()": NoTraceback}},
        "handlers": {
            "line": {"class": "logging.StreamHandler", "formatter": "line"},
            "quiet": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["no_traceback"]},
        },
        "root": {"handlers": ["line"], "level": "WARNING"},
        "loggers": {
            "model_server": {"level": "INFO"},
            "modelmonitor": {"level": "INFO"},
            "kserve": quiet,
            "kserve.trace": quiet,
            "uvicorn": {"level": "WARNING"},
            # One line a request costs more than the request's own parsing, and would name what was asked.
            "uvicorn.access": {"level": "CRITICAL", "handlers": [], "propagate": False},
            "timing_asgi": {"level": "CRITICAL"},
        },
    }
    logging.config.dictConfig(config)
    # kserve's own root route answers with a deprecated response class on every liveness probe.
    warnings.filterwarnings("ignore", message="ORJSONResponse is deprecated")
