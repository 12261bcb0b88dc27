"""What a load generator says when it could not do its work."""

from __future__ import annotations


class LoadFailed(RuntimeError):
    """The measurement is void; the message says why."""
