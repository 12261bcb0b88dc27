"""Who owns what in server-side apply: a field manager for each check's result and each monitor's logger.

An apply removes whatever its manager applied before and does not send again. The jobs of two checks would
therefore remove each other's results if they shared a manager.
"""

from __future__ import annotations

from typing import Final


def job_manager(check: str) -> str:
    """The field manager of the jobs of a check: with the 63 characters of a check's name 80 of 128."""
    return f"modelmonitor-job-{check}"


CAPTURE_PREFIX: Final = "modelmonitor-capture-"

LEFT_BEHIND: Final = "modelmonitor-left-behind"
"""The field manager of what a logger still needs to which somebody else gave another address."""


def capture_manager(monitor: str) -> str:
    """The field manager of the logger that one monitor asks for: up to 84 of 128 characters.

    One a monitor, so that a logger stays while any monitor of the same InferenceService wants it.
    """
    return f"{CAPTURE_PREFIX}{monitor}"
