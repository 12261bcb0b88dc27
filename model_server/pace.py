"""How fast the queue empties, as measured on what it did lately."""

from __future__ import annotations

import math
from typing import Final

# Weight of the newest batch: about the last ten count.
_NEWEST: Final = 0.1
_LONGEST_S: Final = 60


class Pace:
    """Tokens a second of the last batches; `add` from one thread, `seconds_for` from any."""

    def __init__(self) -> None:
        self._tokens_per_s = 0.0

    def add(self, tokens: int, *, seconds: float) -> None:
        """A batch of that many tokens took that long."""
        rate = tokens / max(seconds, 1e-6)
        before = self._tokens_per_s or rate
        self._tokens_per_s = before + _NEWEST * (rate - before)

    def seconds_for(self, tokens: int) -> int:
        """Whole seconds after which that many tokens are done, 1 to 60; 1 before anything was measured."""
        if not self._tokens_per_s:
            return 1
        return min(_LONGEST_S, max(1, math.ceil(tokens / self._tokens_per_s)))
