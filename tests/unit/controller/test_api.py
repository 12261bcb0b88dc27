"""The client against a real HTTP server that answers as an API server in trouble does."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from controller.cluster.api import Api
from controller.cluster.errors import ClusterError, ObjectChanged, ObjectMissing, ObjectRejected, TryLater
from controller.cluster.transport import Connection
from controller.manifest import CRON_JOB


class Counted:
    def __init__(self) -> None:
        self.requests: list[tuple[str, str]] = []

    def request_done(self, verb: str, code: str) -> None:
        self.requests.append((verb, code))


def ask(handler: Any, use: Callable[[Api], Awaitable[Any]]) -> tuple[Any, Counted, list[str]]:
    """What `use` gets or raises of a server with this handler; also requests and tokens that were sent."""
    counted, tokens = Counted(), []

    async def recorded(request: web.Request) -> web.Response:
        tokens.append(request.headers["Authorization"])
        return handler(request, len(tokens))

    async def run() -> Any:
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", recorded)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        address = f"http://127.0.0.1:{runner.addresses[0][1]}"
        logins = iter(range(1, 10))

        def connect() -> Connection:
            return Connection(
                address, {"Authorization": f"token-{next(logins)}"}, ssl.create_default_context()
            )

        api = Api(connect, observer=counted)
        try:
            return await use(api)
        except ClusterError as error:
            return error
        finally:
            await api.close()
            await runner.cleanup()

    return asyncio.run(run()), counted, tokens


def get(api: Api) -> Awaitable[Any]:
    return api.get(CRON_JOB, "ml", "sentiment-data")


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, ObjectRejected),
        (403, ObjectRejected),
        (404, ObjectMissing),
        (409, ObjectChanged),
        (422, ObjectRejected),
        (429, TryLater),
        (500, TryLater),
        (503, TryLater),
    ],
)
def test_a_status_becomes_the_error_that_says_what_to_do(status: int, error: type[ClusterError]) -> None:
    answer, counted, _ = ask(
        lambda _, __: web.json_response({"kind": "Status", "message": "because"}, status=status), get
    )

    assert type(answer) is error
    assert str(answer) == f"The API server answered {status}: because"
    assert counted.requests == [("GET", str(status))]


def test_the_delay_that_the_server_asks_for_is_known() -> None:
    answer, _, _ = ask(lambda _, __: web.json_response({}, status=429, headers={"Retry-After": "7"}), get)

    assert answer.after_s == 7


def test_an_expired_token_is_renewed_once() -> None:
    def handler(_: web.Request, number: int) -> web.Response:
        return web.json_response({"metadata": {}}) if number == 2 else web.json_response({}, status=401)

    answer, _, tokens = ask(handler, get)

    assert answer == {"metadata": {}}
    assert tokens == ["token-1", "token-2"]


def test_an_answer_that_is_no_json_is_told_as_it_is() -> None:
    answer, _, _ = ask(lambda _, __: web.Response(text="<html>Bad gateway</html>", status=502), get)

    assert str(answer) == "The API server answered 502: <html>Bad gateway</html>"


def test_a_server_that_is_not_there_may_come_later() -> None:
    async def run() -> None:
        def connect() -> Connection:
            return Connection("http://127.0.0.1:1", {}, ssl.create_default_context())

        api = Api(connect, observer=Counted())
        with pytest.raises(TryLater, match="does not answer"):
            await get(api)
        await api.close()

    asyncio.run(run())


def test_the_authorization_is_not_in_the_representation() -> None:
    connection = Connection("http://x", {"Authorization": "Bearer secret"}, ssl.create_default_context())

    assert "secret" not in repr(connection)
