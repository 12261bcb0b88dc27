"""Describing an unexpected exception in a log line without what users sent."""

from __future__ import annotations

import traceback


def where(error: BaseException) -> str:
    """Type of the exception and its innermost frames, e.g. `ValueError at classifier.py:88 in forward < …`.

    The exception's own message is left out: libraries put the offending text into it, and no text ever goes
    to the log.
    """
    frames = reversed(traceback.extract_tb(error.__traceback__)[-4:])
    path = " < ".join(
        f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} in {frame.name}" for frame in frames
    )
    return f"{type(error).__name__} at {path or 'unknown'}"
