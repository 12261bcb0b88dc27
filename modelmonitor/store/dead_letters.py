"""Rows that PostgreSQL will never take, kept aside with the reason, one JSON object a line."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

NAME: Final = "dead-letter.jsonl"


class DeadLetters:
    """An append-only file beside the spool; it holds input texts, so only its owner may read it."""

    def __init__(self, directory: Path, *, now: Callable[[], datetime]) -> None:
        self._path = directory / NAME
        self._now = now

    def keep(self, rows: Sequence[bytes], *, columns: tuple[str, ...], reason: str) -> None:
        """Write rows (COPY BINARY tuples of `columns`) to disk before anybody forgets them.

        Raises:
            OSError: they could not be written; do not forget them.
        """
        entry = {"kept_at": self._now().isoformat(), "reason": reason, "columns": columns}
        lines = (json.dumps({**entry, "row": base64.b64encode(row).decode("ascii")}) + "\n" for row in rows)
        fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(fd)
