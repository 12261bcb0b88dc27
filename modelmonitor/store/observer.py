"""What the prediction log tells about itself while it works; the predictor turns it into metrics."""

from __future__ import annotations

from typing import Literal, Protocol

DropReason = Literal["spool_full", "spool_unwritable", "refused_by_database", "corrupt_on_disk"]


class LogObserver(Protocol):
    """Receives what happens in the log, from any thread; must return fast and not raise."""

    def spooled(self, pending_bytes: int) -> None:
        """Bytes on disk that PostgreSQL has not committed yet."""

    def written(self, rows: int) -> None:
        """Rows committed to PostgreSQL that were not there before."""

    def dropped(self, rows: int, reason: DropReason) -> None:
        """Rows that will not reach PostgreSQL by themselves, and why."""

    def discarded(self, rows: int) -> None:
        """Rows set aside before, of which no copy is kept any more because the room for them is used up."""

    def repaired(self, rows: int) -> None:
        """Rows whose text had NUL bytes or lone surrogates replaced by U+FFFD."""

    def database_up(self, *, up: bool) -> None:
        """Whether the last statement to PostgreSQL succeeded."""

    def statement(self, operation: str, table: str) -> None:
        """One statement was sent to PostgreSQL."""


class SilentObserver:
    """Ignores everything: the default for programs without metrics."""

    def spooled(self, pending_bytes: int) -> None:
        """Ignore."""

    def written(self, rows: int) -> None:
        """Ignore."""

    def dropped(self, rows: int, reason: DropReason) -> None:
        """Ignore."""

    def discarded(self, rows: int) -> None:
        """Ignore."""

    def repaired(self, rows: int) -> None:
        """Ignore."""

    def database_up(self, *, up: bool) -> None:
        """Ignore."""

    def statement(self, operation: str, table: str) -> None:
        """Ignore."""
