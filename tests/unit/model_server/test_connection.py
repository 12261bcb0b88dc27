"""No sender holds a connection of a real uvicorn for ever, and none fills its memory with headers."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
import uvicorn

from model_server.connection import MAX_HEAD_BYTES, guarded

GET = b"GET / HTTP/1.1\r\nhost: here\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nhost: here\r\ncontent-length: 10\r\n\r\n"


async def echo(scope, receive, send) -> None:
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    if body == b"slow reply":
        while (await receive())["type"] != "http.disconnect":
            pass
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    config = uvicorn.Config(echo, port=0, http=guarded(0.3), ws="none", lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


def said_to(port: int, *parts: bytes, pause: float = 0.0) -> bytes:
    """Everything that the server says until it closes the connection."""
    with closing(socket.create_connection(("127.0.0.1", port), timeout=20)) as connection:
        for part in parts:
            try:
                connection.sendall(part)
            except OSError:
                break
            time.sleep(pause)
        answer = b""
        while True:
            try:
                more = connection.recv(65536)
            except ConnectionResetError:
                return answer
            if not more:
                return answer
            answer += more


def error_of(answer: bytes) -> tuple[int, str]:
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)["error"]


def test_a_client_that_says_nothing_is_closed(port: int) -> None:
    assert said_to(port) == b""


def test_a_head_that_comes_byte_by_byte_gets_408(port: int) -> None:
    letters = [bytes([byte]) for byte in GET[:20]]

    assert error_of(said_to(port, *letters, pause=0.05)) == (
        408,
        "the request did not arrive whole within 0.3 seconds.",
    )


def test_a_body_that_does_not_come_gets_408(port: int) -> None:
    assert error_of(said_to(port, POST + b"half"))[0] == 408


def test_a_head_without_end_gets_431(port: int) -> None:
    endless = b"GET / HTTP/1.1\r\n" + b"x-a: " + b"a" * (MAX_HEAD_BYTES + 200_000)

    assert error_of(said_to(port, endless)) == (
        431,
        f"the headers are longer than the {MAX_HEAD_BYTES} bytes allowed.",
    )


def test_requests_with_pauses_between_them_are_answered_on_one_connection(port: int) -> None:
    answer = said_to(
        port, POST + b"0123456789", GET, GET.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"), pause=0.4
    )

    assert answer.count(b"HTTP/1.1 200 OK") == 3


def test_requests_sent_at_once_are_all_answered(port: int) -> None:
    last = GET.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")

    assert said_to(port, GET + POST + b"0123456789" + last).count(b"HTTP/1.1 200 OK") == 3


def test_the_time_for_the_answer_is_not_the_senders(port: int) -> None:
    with closing(socket.create_connection(("127.0.0.1", port), timeout=1.0)) as connection:
        connection.sendall(POST + b"slow reply")
        with pytest.raises(TimeoutError):
            connection.recv(1)
