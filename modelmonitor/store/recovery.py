"""What a spool directory holds when a process opens it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from modelmonitor.store.segment import TornHeader, UnreadableSegment, decode_header
from modelmonitor.store.segment_file import Segment
from modelmonitor.store.segment_reader import HEADER_READ

SUFFIX: Final = ".spool"
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """Segments to drain, oldest first, and the number for the next one."""

    segments: tuple[Segment, ...]
    next_number: int


def recover(directory: Path) -> Found:
    """List the segments; one that ends inside its header was never acknowledged and is removed.

    A segment of another format version is left for the version that can read it, and said in the log.
    """
    paths = sorted(path for path in directory.glob(f"*{SUFFIX}") if path.stem.isdigit())
    segments = [segment for path in paths if (segment := _segment(path))]
    return Found(tuple(segments), 1 + max((int(path.stem) for path in paths), default=0))


def _segment(path: Path) -> Segment | None:
    with path.open("rb") as file:
        data = file.read(HEADER_READ)
    size = path.stat().st_size
    try:
        header = decode_header(data)
    except TornHeader:
        path.unlink()
        return None
    except UnreadableSegment as problem:
        logger.warning("Leaving %s aside: %s; drain it with the version that wrote it.", path, problem)
        return None
    if size == header.size:
        path.unlink()
        return None
    return Segment(int(path.stem), path, size)
