"""What a detector needs and does not find, each with the way out in its message."""

from __future__ import annotations


class DetectionError(Exception):
    """A detector cannot run; the message says what to change."""


class MissingBackend(DetectionError):
    """The optional package behind a backend is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"backend {package} is not installed: "
            f"pip install 'modelmonitor[{extra}]', or choose backend: native"
        )


class MissingColumn(DetectionError):
    """The sample lacks the column that a detector compares."""

    def __init__(self, column: str, sample: str, fix: str) -> None:
        super().__init__(f"the {sample} has no {column}: {fix}")


class NothingToCompare(DetectionError):
    """The samples have rows, but nothing in them that can be compared."""
