"""The call that asks for a training, against a real HTTP server."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pydantic import SecretStr

from modelmonitor.job.retrain_webhook import (
    CallRefused,
    ReceiverUnreachable,
    RetrainSettings,
    call,
    main,
)

KEY = "a key of some length"
EVENT = {"trigger": "3f9c02d1aa", "reason": "repeated-drift", "message": "Fällt seit 3 Tagen."}


class Receiver:
    """Answers with the given statuses, one a call, and the last for ever."""

    def __init__(self, *statuses: int, headers: dict[str, str] | None = None) -> None:
        receiver = self
        self.calls: list[tuple[dict[str, str], bytes]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.calls.append((dict(self.headers), body))
                self.send_response(statuses[min(len(receiver.calls), len(statuses)) - 1])
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receive() -> Iterator[type[Receiver]]:
    made: list[Receiver] = []

    def make(*statuses: int, **options: dict[str, str]) -> Receiver:
        made.append(Receiver(*statuses, **options))
        return made[-1]

    yield make
    for receiver in made:
        receiver.close()


def settings(url: str) -> RetrainSettings:
    return RetrainSettings(url=SecretStr(url), signing_key=SecretStr(KEY), event=json.dumps(EVENT))


def test_the_receiver_can_tell_that_the_call_is_genuine(receive) -> None:
    receiver = receive(202)

    call(settings(receiver.url), clock=lambda: 1_800_000_000.7)

    ((headers, body),) = receiver.calls
    digest = hmac.new(KEY.encode(), b"1800000000." + body, hashlib.sha256).hexdigest()
    assert headers["X-ModelMonitor-Signature"] == f"t=1800000000,v1={digest}"
    assert headers["Idempotency-Key"] == EVENT["trigger"]
    assert json.loads(body) == EVENT


def test_failures_that_pass_are_tried_again_with_the_same_key_and_growing_pauses(receive) -> None:
    receiver, pauses = receive(500, 503, 429, 200), []

    call(settings(receiver.url), pause=pauses.append)

    assert {headers["Idempotency-Key"] for headers, _ in receiver.calls} == {EVENT["trigger"]}
    assert (len(receiver.calls), pauses) == (4, [1.0, 2.0, 4.0])


def test_what_the_receiver_asks_to_wait_is_kept_within_bounds(receive) -> None:
    pauses: list[float] = []

    with pytest.raises(ReceiverUnreachable, match="in 5 attempts than: status 503"):
        call(settings(receive(503, headers={"Retry-After": "3600"}).url), pause=pauses.append)

    assert pauses == [60.0] * 4


@pytest.mark.parametrize("status", [400, 401, 404, 302])
def test_a_refusal_is_not_tried_again(receive, status: int) -> None:
    receiver = receive(status, headers={"Location": "http://127.0.0.1:1/elsewhere"})

    with pytest.raises(CallRefused, match=f"refused the call for trigger 3f9c02d1aa with status {status}"):
        call(settings(receiver.url))

    assert len(receiver.calls) == 1


def test_an_address_that_is_none_is_told_without_showing_it() -> None:
    with pytest.raises(CallRefused, match="must begin with http:// or https://") as told:
        call(settings("train.example.com/?token=secret"))

    assert "secret" not in str(told.value)


def test_nobody_listening_ends_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelmonitor.job.retrain_webhook._ATTEMPTS", 1)
    monkeypatch.setenv("MM_RETRAIN_URL", "http://127.0.0.1:1/hook")
    monkeypatch.setenv("MM_RETRAIN_SIGNING_KEY", KEY)
    monkeypatch.setenv("MM_RETRAIN_EVENT", json.dumps(EVENT))

    assert main() == 1


@pytest.mark.parametrize("missing", ["URL", "SIGNING_KEY"])
def test_a_missing_key_of_the_secret_is_named_and_ends_with_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], missing: str
) -> None:
    values = {"URL": "http://127.0.0.1:1/hook", "SIGNING_KEY": KEY, "EVENT": json.dumps(EVENT)}
    for name, value in values.items():
        monkeypatch.setenv(f"MM_RETRAIN_{name}", value)
    monkeypatch.delenv(f"MM_RETRAIN_{missing}")

    assert main() == 2

    said = capsys.readouterr().err
    assert f"MM_RETRAIN_{missing} cannot be used" in said
    assert KEY not in said
