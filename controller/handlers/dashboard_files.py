"""Read the dashboards that an installation ships, once at the start."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class UnreadableDashboards(Exception):
    """Correct MM_OPERATOR_DASHBOARDS or the file that the message names."""


def read_dashboards(directory: Path) -> Mapping[str, Mapping[str, Any]]:
    """Every `*.json` of a directory by its name.

    Raises:
        UnreadableDashboards: there is no such directory, or a file is no JSON object.
    """
    if not directory.is_dir():
        raise UnreadableDashboards(
            f"MM_OPERATOR_DASHBOARDS is {directory}, which is no directory: correct it, or leave it out."
        )
    return {file.name: _read(file) for file in sorted(directory.glob("*.json"))}


def _read(file: Path) -> Mapping[str, Any]:
    try:
        model = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnreadableDashboards(f"The dashboard {file} cannot be read: {error}.") from None
    if not isinstance(model, dict):
        raise UnreadableDashboards(f"The dashboard {file} is no JSON object.")
    return model
