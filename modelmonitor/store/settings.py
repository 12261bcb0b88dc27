"""Settings of the prediction log."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class LogSettings:
    """How the prediction log spools to disk and drains into PostgreSQL.

    Attributes:
        directory: the spool; made if missing, private to one process at a time.
        database_url: `postgresql://…` or a libpq connection string; empty: keep everything in the spool.
        segment_bytes: size at which the next spool file is begun; at most a quarter of max_bytes.
        max_bytes: disk space that the spool may take; beyond it `append` raises SpoolFull.
        fsync_interval_s: what a power cut may cost, in seconds; 0 makes each append wait for the disk.
        batch_rows: most rows in one transaction.
        batch_bytes: most bytes held in memory for one transaction.
        linger_s: how long rows are collected before a transaction when there is no backlog.
        idle_seal_s: age at which a spool file whose rows are all committed is removed.
        retry_initial_s: longest first pause after a failed connection.
        retry_max_s: longest pause between attempts.
        connect_timeout_s: how long one connection attempt may take.
        partitions_ahead_days: day partitions to keep ready.
        dead_letter_bytes: disk space for rows that PostgreSQL refuses, beside the spool's; the newest stay.
    """

    directory: Path
    database_url: str = field(repr=False)
    segment_bytes: int = 16 * MIB
    max_bytes: int = 4096 * MIB
    fsync_interval_s: float = 0.5
    batch_rows: int = 10_000
    batch_bytes: int = 8 * MIB
    linger_s: float = 0.25
    idle_seal_s: float = 60.0
    retry_initial_s: float = 0.1
    retry_max_s: float = 10.0
    connect_timeout_s: int = 5
    partitions_ahead_days: int = 7
    dead_letter_bytes: int = 64 * MIB

    def __post_init__(self) -> None:
        """Refuse settings that could never work."""
        if self.segment_bytes * 4 > self.max_bytes:
            msg = (
                f"segment_bytes ({self.segment_bytes}) must be at most a quarter of max_bytes "
                f"({self.max_bytes}), else drained files could fill the spool: change one of them"
            )
            raise ValueError(msg)
        if (
            min(self.segment_bytes, self.batch_rows, self.batch_bytes, self.retry_initial_s, self.retry_max_s)
            <= 0
        ):
            msg = "segment_bytes, batch_rows, batch_bytes, retry_initial_s and retry_max_s must be positive"
            raise ValueError(msg)
