"""Batches of rows from one segment, of bounded size whatever the segment holds."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final

from modelmonitor.store.segment import Records, decode_header, decode_records, first_record_size
from modelmonitor.store.segment_file import Segment

HEADER_READ: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one segment, to be given back to `Spool.release` once they are committed."""

    columns: tuple[str, ...]
    records: Records


def read_batch(segment: Segment, start: int, *, max_rows: int, max_bytes: int) -> Batch:
    """Rows from offset `start` on: at least one record, however large, unless the rest is torn."""
    fd = os.open(segment.path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        header = decode_header(os.pread(fd, HEADER_READ, 0))
        start = max(start, header.size)
        data = os.pread(fd, min(max_bytes, segment.size - start), start)
        records = decode_records(data, start=start, limit=segment.size, max_rows=max_rows)
        if records.end == start and start < segment.size:
            data = os.pread(fd, first_record_size(data), start)
            records = decode_records(data, start=start, limit=segment.size, max_rows=1)
        return Batch(header.columns, records)
    finally:
        os.close(fd)
