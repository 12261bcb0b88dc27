"""`python -m modelmonitor.job.retrain_webhook`: ask the team's own service for a training, signed and once.

The event is posted as JSON. `Idempotency-Key` is the identity of the trigger: the same for every attempt, so
that the receiver can tell a repetition from a second request. `X-ModelMonitor-Signature` is
`t=<Unix time>,v1=<HMAC-SHA256 of "<time>.<body>" in hex>`; the time lets the receiver refuse old copies.

Exit codes: 0 the receiver took it; 1 it did not in five attempts; 2 address, key or event must be
corrected, or the receiver refused it (4xx).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import sys
import time
from collections.abc import Callable, Mapping
from typing import Final

import httpx
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from modelmonitor.job.logs import log_as_json

PREFIX: Final = "MM_RETRAIN_"
SIGNATURE_HEADER: Final = "X-ModelMonitor-Signature"
IDEMPOTENCY_HEADER: Final = "Idempotency-Key"

_LOG = logging.getLogger("modelmonitor.job.retrain_webhook")
_ATTEMPTS: Final = 5
_LONGEST_PAUSE_S: Final = 60.0
_TIMEOUT: Final = httpx.Timeout(30.0, connect=5.0)
_PASSING: Final = frozenset({408, 409, 425, 429})


class RetrainSettings(BaseSettings):
    """What the call must know; the environment is the only source, so that no secret is in an argument."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    url: SecretStr = Field(
        min_length=1, description="Address that is called; a secret, as it may hold a token."
    )
    signing_key: SecretStr = Field(
        min_length=16, description="Text that signs the call, 16 characters or more."
    )
    event: str = Field(description="What is told, a JSON object with the identity of the trigger.")


class CallRefused(Exception):
    """Correct what the message names: the same call will not succeed later."""


class ReceiverUnreachable(Exception):
    """The receiver does not answer, or says later: call again."""


def main() -> int:
    """Call once; every known failure is one sentence in the log and an exit code."""
    log_as_json(sys.stderr)
    try:
        settings = _settings()
        call(settings)
    except CallRefused as error:
        _LOG.error("%s", error)
        return 2
    except ReceiverUnreachable as error:
        _LOG.error("%s", error)
        return 1
    return 0


def signature(body: bytes, *, key: str, timestamp: int) -> str:
    """The value of the header X-ModelMonitor-Signature.

    Args:
        body: as it is sent.
        key: shared with the receiver.
        timestamp: Unix time of the call, seconds.
    """
    digest = hmac.new(key.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


def call(
    settings: RetrainSettings,
    *,
    pause: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.time,
) -> None:
    """Post the event until the receiver takes it.

    Args:
        settings: where to, with what.
        pause: waits the given seconds before another attempt.
        clock: Unix time, seconds.

    Raises:
        CallRefused: address or event are wrong, or the receiver refuses (4xx).
        ReceiverUnreachable: no answer, or none but 5xx and "later", over some attempts.
    """
    body, trigger = _event(settings.event)
    said = "nothing"
    for attempt in range(_ATTEMPTS):
        try:
            answer = _send(settings, body, trigger=trigger, timestamp=int(clock()))
        except httpx.RequestError as error:
            said, asked = type(error).__name__, None
        else:
            if answer.is_success:
                _LOG.info("The training for trigger %s was asked for (%s).", trigger, answer.status_code)
                return
            said, asked = f"status {answer.status_code}", answer.headers.get("Retry-After")
            if answer.status_code not in _PASSING and not answer.is_server_error:
                raise CallRefused(
                    f"The receiver refused the call for trigger {trigger} with {said}: "
                    "correct the address, the signing key, or the receiver."
                )
        if attempt < _ATTEMPTS - 1:
            pause(_delay(attempt, asked))
    raise ReceiverUnreachable(
        f"The receiver gave no better answer to the call for trigger {trigger} in {_ATTEMPTS} attempts "
        f"than: {said}."
    )


def _send(settings: RetrainSettings, body: bytes, *, trigger: str, timestamp: int) -> httpx.Response:
    signed = signature(body, key=settings.signing_key.get_secret_value(), timestamp=timestamp)
    headers: Mapping[str, str] = {
        "Content-Type": "application/json",
        IDEMPOTENCY_HEADER: trigger,
        SIGNATURE_HEADER: signed,
    }
    try:
        # A redirect would send event and signature to an address that nobody named.
        return httpx.post(
            settings.url.get_secret_value(),
            content=body,
            headers=headers,
            timeout=_TIMEOUT,
            follow_redirects=False,
        )
    except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise CallRefused(
            "The address in the Secret is none: it must begin with http:// or https:// and name a host."
        ) from error


def _event(text: str) -> tuple[bytes, str]:
    try:
        event = json.loads(text)
        trigger = str(event["trigger"])
    except (ValueError, TypeError, KeyError):
        raise CallRefused(f"{PREFIX}EVENT is no JSON object with a trigger; the operator sets it.") from None
    return json.dumps(event, ensure_ascii=False, sort_keys=True).encode(), trigger


def _delay(attempt: int, asked: str | None) -> float:
    wanted = float(asked) if asked and asked.isdigit() else 2.0**attempt
    return min(_LONGEST_PAUSE_S, wanted)


def _settings() -> RetrainSettings:
    try:
        return RetrainSettings()
    except ValidationError as error:
        names = sorted({f"{PREFIX}{'_'.join(map(str, each['loc'])).upper()}" for each in error.errors()})
        raise CallRefused(
            f"{' and '.join(names)} cannot be used: the Secret of spec.retrain.webhook needs the address "
            "(key url) and a signing key of 16 characters or more (key signing-key), or the keys that the "
            "spec names."
        ) from None


if __name__ == "__main__":
    sys.exit(main())
