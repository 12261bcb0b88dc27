"""Bearer tokens from a file that may change while the collector runs."""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable
from pathlib import Path

from model_server.collector.errors import TokensUnusable, Unauthorized

_LOOK_EVERY_S = 1.0


class Tokens:
    """The tokens that are valid now: one a line, so that a new one can be given out before the old one goes.

    Args:
        path: the file; Kubernetes replaces it when the Secret changes.
        clock: monotonic seconds.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float]) -> None:
        """Read the file.

        Raises:
            TokensUnusable: it cannot be read, or holds no token.
        """
        self._path = path
        self._clock = clock
        self._looked_at = clock()
        self._stamp = self._stamp_now()
        self._tokens = _read(path)

    def check(self, authorization: str) -> None:
        """Do nothing if the header carries one of the tokens.

        Raises:
            Unauthorized: it does not.
        """
        self._look()
        scheme, _, given = authorization.partition(" ")
        sent = given.strip().encode("utf-8", "surrogateescape")
        # All are compared, so that the time tells nothing of which one was near.
        matches = [hmac.compare_digest(sent, token) for token in self._tokens]
        if scheme.lower() != "bearer" or not any(matches):
            raise Unauthorized("a bearer token is needed; send the header Authorization: Bearer TOKEN.")

    def _look(self) -> None:
        now = self._clock()
        if now - self._looked_at < _LOOK_EVERY_S:
            return
        self._looked_at = now
        stamp = self._stamp_now()
        if stamp and stamp != self._stamp:
            try:
                self._tokens = _read(self._path)
                self._stamp = stamp
            except TokensUnusable:
                # Half-written or emptied by mistake: the old ones hold until there are new ones.
                return

    def _stamp_now(self) -> tuple[int, int, int] | None:
        try:
            found = os.stat(self._path)  # noqa: PTH116  # a third of Path.stat's time, on every request
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size


def _read(path: Path) -> tuple[bytes, ...]:
    try:
        lines = path.read_bytes().split()
    except OSError as error:
        msg = f"the token file {path} cannot be read ({error.strerror}); name a file with one token a line."
        raise TokensUnusable(msg) from None
    if not lines:
        raise TokensUnusable(f"the token file {path} is empty; write one token a line into it.")
    return tuple(lines)
