"""Who owns what of a monitor's status in server-side apply: one field manager for each check.

An apply removes whatever its manager applied before and does not send again. The jobs of two checks would
therefore remove each other's results if they shared a manager.
"""

from __future__ import annotations


def job_manager(check: str) -> str:
    """The field manager of the jobs of a check: with the 63 characters of a check's name 80 of 128."""
    return f"modelmonitor-job-{check}"
