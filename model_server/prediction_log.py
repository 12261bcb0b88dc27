"""What the predictor needs of the prediction log, and what it does when a row cannot be logged."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal, Protocol

from model_server.errors import LogUnavailable
from modelmonitor.store.errors import SpoolUnwritable
from modelmonitor.store.records import Prediction

InputText = Literal["store", "hash", "drop"]


class Log(Protocol):
    """Where predictions are made durable; `modelmonitor.store.log.PredictionLog` is one."""

    def append(self, predictions: Sequence[Prediction]) -> None:
        """Returns once a crash of this process cannot lose the rows."""

    def close(self, timeout_s: float) -> None:
        """Give PostgreSQL that long to take everything, then release the spool."""


class NoLog:
    """The log of a server that was told to log nothing."""

    def append(self, predictions: Sequence[Prediction]) -> None:
        """Forget the rows."""

    def close(self, timeout_s: float) -> None:
        """There is nothing to release."""


def append_or_refuse(log: Log, rows: Sequence[Prediction], *, policy: Literal["refuse", "drop"]) -> None:
    """Log the rows; under the policy `drop`, go on without those that cannot be logged (the log counts them).

    Raises:
        LogUnavailable: the rows are not logged and the policy is to refuse.
    """
    try:
        log.append(rows)
    except SpoolUnwritable as error:
        if policy == "refuse":
            msg = (
                "the prediction could not be logged and is therefore not answered; try again once the log "
                "has room."
            )
            raise LogUnavailable(msg) from error


def logged_text(text: str, *, policy: InputText) -> str | None:
    """What of the text goes into the row: itself, `sha256:` and its digest (equal stays equal), or None."""
    if policy == "drop":
        return None
    if policy == "hash":
        return f"sha256:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"
    return text
