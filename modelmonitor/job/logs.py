"""Logging as one JSON object a line, which every log collector reads."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import TextIO


class JsonLines(logging.Formatter):
    """A record as a JSON object: time, level, logger, message and, if there was one, the exception."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def log_as_json(stream: TextIO, *, level: int = logging.INFO) -> None:
    """Send every log record of this process to the stream, in place of whatever was set before."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=level, force=True)
    # Libraries describe every step at INFO; only their complaints belong into the log of a run.
    for name in ("alembic", "httpx", "mlflow", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)
