"""How often one sender may come: a token bucket for each address, of bounded number."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

_MOST_SENDERS: Final = 10_000
_BURST: Final = 2.0


@dataclass(slots=True)
class _Bucket:
    level: float
    at: float


class RateLimit:
    """Admits `rate` requests a second of each sender, and twice as many at once.

    Args:
        rate: requests a second, above 0.
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._most = max(1.0, rate * _BURST)
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def admits(self, sender: str, *, now: float) -> bool:
        """Whether this request may pass; it counts if so.

        Args:
            sender: its address.
            now: monotonic seconds.
        """
        bucket = self._buckets.setdefault(sender, _Bucket(self._most, now))
        # The address that was quiet for longest is forgotten first: its bucket is the fullest.
        self._buckets.move_to_end(sender)
        if len(self._buckets) > _MOST_SENDERS:
            self._buckets.popitem(last=False)
        bucket.level = min(self._most, bucket.level + (now - bucket.at) * self._rate)
        bucket.at = now
        if bucket.level < 1.0:
            return False
        bucket.level -= 1.0
        return True
