"""GET and POST with a time limit; every way to fail becomes one sentence that names the address."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any, Final

from modelmonitor.cli.errors import SourceDown

_MOST_BYTES: Final = 32 << 20


def get(url: str, *, timeout_s: float) -> bytes:
    """The body of an answer of 200.

    Raises:
        SourceDown: no answer in time, another status, or more than 32 MiB.
    """
    return asked(urllib.request.Request(url, headers={"Accept": "*/*"}), timeout_s)  # noqa: S310  # checked where given


def get_json(url: str, *, timeout_s: float) -> Any:  # noqa: ANN401 - JSON
    """As `get`, read as JSON."""
    return read_json(get(url, timeout_s=timeout_s), url=url)


def read_json(body: bytes, *, url: str) -> Any:  # noqa: ANN401 - JSON
    """JSON of an answer.

    Raises:
        SourceDown: it is something else, such as a sign-in page.
    """
    try:
        return json.loads(body)
    except ValueError:
        msg = f"{_short(url)} answers, but not with JSON: is it the right address?"
        raise SourceDown(msg) from None


def asked(request: urllib.request.Request, timeout_s: float) -> bytes:
    """The body of the answer to any request.

    Raises:
        SourceDown: as `get`.
    """
    url = _short(request.full_url)
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:  # noqa: S310  # checked where given
            body: bytes = answer.read(_MOST_BYTES + 1)
    except urllib.error.HTTPError as error:
        msg = f"{url} answers {error.code}{_told(error)}"
        raise SourceDown(msg) from None
    except TimeoutError:
        msg = f"{url} does not answer within {timeout_s:g} s"
        raise SourceDown(msg) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        why = f"within {timeout_s:g} s" if isinstance(reason, TimeoutError) else f"({reason})"
        msg = f"{url} does not answer {why}"
        raise SourceDown(msg) from None
    if len(body) > _MOST_BYTES:
        msg = f"{url} answers with more than {_MOST_BYTES >> 20} MiB: is it the right address?"
        raise SourceDown(msg)
    return body


def _told(error: urllib.error.HTTPError) -> str:
    try:
        said = json.loads(error.read(4096))
    except (OSError, ValueError):
        return ""
    known = said if isinstance(said, dict) else {}
    return next((f": {known[key]}" for key in ("detail", "error", "message") if known.get(key)), "")


def _short(url: str) -> str:
    # A URL may carry user and password, and a long query.
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('?')[0].rpartition('@')[2]}"
