"""The collector: where labels go that reach the database without its password."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from modelmonitor.cli.errors import SourceDown
from modelmonitor.cli.sources.http import asked

if TYPE_CHECKING:
    from modelmonitor.store.feedback import Feedback

# A tenth of what one request may hold, so that a slow line is not cut off by a time limit.
_AT_ONCE: Final = 10_000
_SLOWER: Final = 10


def send_labels(url: str, labels: Sequence[Feedback], *, token: str, timeout_s: float) -> int:
    """Send labels, 10,000 at a time; the number that was taken. Sending them again changes nothing.

    Args:
        url: of the collector, without a path.
        labels: at least one.
        token: bearer token; empty for a collector that wants none.
        timeout_s: that one request may take, times ten.

    Raises:
        SourceDown: it does not answer or refuses; the message says how many it had taken.
    """
    for start in range(0, len(labels), _AT_ONCE):
        part = labels[start : start + _AT_ONCE]
        try:
            asked(_request(url, part, token=token), timeout_s * _SLOWER)
        except SourceDown as error:
            msg = f"{error}; {start:,} of {len(labels):,} labels were taken: mend it and send all again"
            raise SourceDown(msg) from None
    return len(labels)


def _request(url: str, labels: Sequence[Feedback], *, token: str) -> urllib.request.Request:
    lines = (json.dumps(_label(each), ensure_ascii=False) for each in labels)
    headers = {"Content-Type": "application/x-ndjson"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return urllib.request.Request(f"{url}/feedback", "\n".join(lines).encode(), headers)  # noqa: S310  # checked where given


def _label(label: Feedback) -> dict[str, str]:
    return {
        "prediction_id": str(label.prediction_id),
        "label": label.label,
        "labelled_at": label.labelled_at.isoformat(),
        "source": label.source,
    }
