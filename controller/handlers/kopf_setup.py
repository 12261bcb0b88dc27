"""Kopf as this operator needs it: it watches for ever, and writes nothing itself."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Final

import kopf

_FIRST_PAUSES_S: Final = (1.0, 1.0, 2.0, 3.0, 5.0, 8.0, 13.0)
_LONGEST_PAUSE_S: Final = 20.0


class Patience:
    """Pauses between attempts to reach the API server, in seconds, without an end.

    Kopf's own list ends after a minute, and its watch with it: an upgrade of the control plane would end the
    operator, and its gauges, on which alerts rest, would be gone.
    """

    def __iter__(self) -> Iterator[float]:
        """The pauses, which grow up to a limit."""
        yield from _FIRST_PAUSES_S
        yield from itertools.repeat(_LONGEST_PAUSE_S)


def kopf_settings(*, cluster_wide: bool) -> kopf.OperatorSettings:
    """The settings; `cluster_wide` where it may look at namespaces and CRDs."""
    settings = kopf.OperatorSettings()
    # Without cluster-wide rights Kopf would try for a minute to list namespaces and CRDs before it begins.
    settings.scanning.disabled = not cluster_wide
    settings.posting.enabled = False
    # Each watched object holds a task for so long; with thousands of them a short time saves memory.
    settings.queueing.idle_timeout = 1.0
    settings.watching.connect_timeout = 30
    settings.networking.error_backoffs = Patience()
    # Lists in parts: a whole list at once would be the peak of memory for the rest of the day.
    settings.watching.chunk_size = 100
    return settings
