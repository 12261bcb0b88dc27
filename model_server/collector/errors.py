"""What a sender is told when something is not taken, one class for each thing to do about it."""

from __future__ import annotations

from typing import Any

from model_server.errors import InvalidRequest, RequestTooLarge, ServingError, StartError, Unauthorized

__all__ = [
    "InvalidLabels",
    "InvalidRequest",
    "NoRoom",
    "NotFound",
    "RequestTooLarge",
    "ServingError",
    "StartError",
    "TlsUnusable",
    "TokensUnusable",
    "TooManyBytes",
    "TooManyConnections",
    "TooManyRequests",
    "TooSlow",
    "Unauthorized",
    "Unwritable",
    "WrongMethod",
]


class NotFound(ServingError):
    """There is nothing at this path."""

    status = 404
    error_type = "not_found"


class WrongMethod(ServingError):
    """The path exists, the method does not."""

    status = 405
    error_type = "wrong_method"


class TooSlow(ServingError):
    """The body did not arrive in time."""

    status = 408
    error_type = "too_slow"


class TooManyRequests(ServingError):
    """This sender is over its rate: send less often, or more at once."""

    status = 429
    error_type = "rate_limited"
    retry_after_s = 1


class TooManyBytes(ServingError):
    """Bodies that are being received fill the memory set aside for them: send again a little later."""

    status = 503
    error_type = "overloaded"
    retry_after_s = 1


class TooManyConnections(ServingError):
    """More connections are open than allowed: use them again, or send a little later."""

    status = 503
    error_type = "overloaded"
    retry_after_s = 1


class Unwritable(ServingError):
    """The disk failed: look at the collector's volume."""

    status = 503
    error_type = "spool_unwritable"
    retry_after_s = 10


class NoRoom(ServingError):
    """The disk or its quota is used up: bring PostgreSQL back or give the collector more disk."""

    status = 507
    error_type = "spool_full"
    retry_after_s = 30


class InvalidLabels(InvalidRequest):
    """Some labels of a request are wrong, so none of them is taken; `lines` says which and why."""

    error_type = "invalid_labels"

    def __init__(self, message: str, lines: tuple[tuple[int, str], ...]) -> None:
        super().__init__(message)
        self.lines = lines

    def content(self) -> dict[str, Any]:
        """The sentence, and each line with its problem."""
        return super().content() | {
            "lines": [{"line": line, "error": problem} for line, problem in self.lines]
        }


class TlsUnusable(StartError):
    """The certificate and its key cannot be used."""


class TokensUnusable(StartError):
    """The file with the tokens cannot be used."""
