"""What can go wrong with a request to the API server, one class for each thing to do about it."""

from __future__ import annotations

import re
from typing import Final


class ClusterError(Exception):
    """A request to the API server failed; the message is a sentence with cause and fix.

    Attributes:
        after_s: after how many seconds to try again; None if nobody said.
    """

    after_s: float | None = None


class ObjectMissing(ClusterError):
    """404: there is no such object, or no such kind."""


class ObjectRejected(ClusterError):
    """400, 403, 405, 415, 422: repeating the same request will not help."""


class ObjectChanged(ClusterError):
    """409: the object is not what it was, or somebody else's."""


class SchemaOutdated(ClusterError):
    """500: the CRD in the cluster does not know a field that we apply; install the one of our version.

    Attributes:
        fields: top-level fields of the status that it does not know.
    """

    def __init__(self, message: str, *, fields: tuple[str, ...] = ()) -> None:
        self.fields = fields
        super().__init__(message)


class VersionExpired(ClusterError):
    """410: the API server no longer knows what happened since that version; list anew."""


class TryLater(ClusterError):
    """No connection, 401, 429 or 5xx: the same request may succeed later."""

    def __init__(self, message: str, *, after_s: float | None = None) -> None:
        self.after_s = after_s
        super().__init__(message)


_UNDECLARED: Final = "field not declared in schema"
_STATUS_FIELD: Final = re.compile(r"\.status\.(\w+)")
_NO_RIGHT: Final = re.compile(r"cannot \w+ resource")
_BY_STATUS: dict[int, type[ClusterError]] = {404: ObjectMissing, 409: ObjectChanged, 410: VersionExpired}


def error_for(status: int, message: str, *, retry_after: str | None = None) -> ClusterError:
    """The error for an HTTP status of 400 or more.

    Args:
        status: the HTTP status.
        message: what the API server said.
        retry_after: its header Retry-After, seconds.
    """
    sentence = f"The API server answered {status}: {message}"
    if _UNDECLARED in message:
        # To server-side apply this is a failure of its own, and repeating it would go on for ever.
        return SchemaOutdated(f"{sentence}. Install the newer CRD.", fields=_unknown_fields(message))
    if status == 403 and _NO_RIGHT.search(message):
        return ObjectRejected(f"{sentence}. The rights that are needed: python -m controller rbac.")
    if status in (401, 408, 429) or status >= 500:
        after = float(retry_after) if retry_after and retry_after.isdigit() else None
        return TryLater(sentence, after_s=after)
    return _BY_STATUS.get(status, ObjectRejected)(sentence)


def _unknown_fields(message: str) -> tuple[str, ...]:
    return tuple(sorted(set(_STATUS_FIELD.findall(message))))
