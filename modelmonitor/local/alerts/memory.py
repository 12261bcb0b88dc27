"""What alerting must not forget when it ends: states, and news that a receiver has not taken yet."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from modelmonitor.local.alerts.lifecycle import AlertState

_FILE: Final = "alerts.json"


@dataclass(frozen=True, slots=True)
class Memory:
    """What is kept over a restart.

    Attributes:
        states: pending and firing alerts, by fingerprint.
        untold: news by the name of the receiver that still has to hear them, the oldest first.
    """

    states: Mapping[str, AlertState] = field(default_factory=dict)
    untold: Mapping[str, tuple[AlertState, ...]] = field(default_factory=dict)


_FORM: Final = TypeAdapter(Memory)


def load(data_dir: Path) -> Memory:
    """What the last run left; nothing where there is no file or another version wrote it."""
    try:
        return _FORM.validate_json((data_dir / _FILE).read_bytes())
    except (FileNotFoundError, ValidationError):
        return Memory()


def save(memory: Memory, data_dir: Path) -> None:
    """Write it so that a crash leaves the old file or the new one, never a half.

    Raises:
        OSError: the disk does not take it.
    """
    temporary = data_dir / f"{_FILE}.new"
    with temporary.open("wb") as file:
        file.write(_FORM.dump_json(memory))
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(data_dir / _FILE)
