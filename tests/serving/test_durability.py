"""A prediction that was answered is in the table in the end, whatever dies in between."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from modelmonitor.local.postgres import EmbeddedPostgres
from modelmonitor.store.schema import migrate

pytestmark = pytest.mark.timeout(900)


async def load(url: str, *, clients: int, requests: int) -> list[str]:
    """Ids that were answered; each client ends with its requests or with the server."""
    ids: list[str] = []

    async def one(http: httpx.AsyncClient, number: int) -> None:
        for i in range(requests):
            try:
                reply = await http.post("/predict", json={"text": f"this film is good {number} {i}"})
            except httpx.TransportError:
                return
            if reply.status_code == 200:
                ids.append(reply.json()["prediction_id"])

    async with httpx.AsyncClient(base_url=url, timeout=60) as http:
        await asyncio.gather(*(one(http, number) for number in range(clients)))
    return ids


async def load_and_then(url: str, end: Any, *, after: int) -> list[str]:
    """Ids answered under a load that is ended, by `end`, once the server has made `after` predictions."""
    working = asyncio.create_task(load(url, clients=16, requests=500))
    async with httpx.AsyncClient(base_url=url, timeout=60) as http:
        while not working.done():
            page = (await http.get("/metrics")).text
            count = next(
                line for line in page.splitlines() if line.startswith("api_prediction_duration_seconds_count")
            )
            if float(count.split()[1]) >= after:
                break
            await asyncio.sleep(0.01)
    assert not working.done(), "the load ended before the server did"
    await asyncio.to_thread(end)
    return await working


def test_kill_9_under_load_loses_no_acknowledged_row(
    start_server: Any, database_url: str, rows_in: Any, tmp_path: Path
) -> None:
    settings = {"database_url": database_url, "spool_dir": tmp_path / "spool"}
    server = start_server(**settings)
    ids = asyncio.run(load_and_then(server.url, server.kill, after=200))
    start_server(**settings)

    assert len(ids) >= 100
    assert {str(row["prediction_id"]) for row in rows_in(database_url, ids)} == set(ids)


def test_sigterm_finishes_what_is_in_flight_and_empties_the_log(
    start_server: Any, database_url: str, rows_in: Any
) -> None:
    server = start_server(database_url=database_url)
    ids = asyncio.run(load_and_then(server.url, server.terminate, after=200))

    assert server.process.returncode == 0
    # The process is gone: what is in the table now was written before it ended.
    assert {str(row["prediction_id"]) for row in rows_in(database_url, ids, seconds=0)} == set(ids)
    assert "Traceback" not in server.log()


@pytest.fixture
def stopped_postgres() -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL with a migrated database `late`, not running, whose port is known."""
    directory = Path(tempfile.mkdtemp(prefix="modelmonitor-late-"))
    server = EmbeddedPostgres(directory, durable=False)
    with server:
        migrate(server.create_database("late"))
    yield server
    server.stop()
    shutil.rmtree(directory)


def test_without_a_database_it_answers_and_the_rows_arrive_when_it_comes(
    start_server: Any, stopped_postgres: EmbeddedPostgres, rows_in: Any
) -> None:
    url = stopped_postgres.url("late")
    server = start_server(database_url=url)
    ids = asyncio.run(load(server.url, clients=4, requests=5))
    waiting = server.metrics()

    assert len(ids) == 20
    assert (waiting["modelmonitor_database_up"], waiting["api_prediction_log_written_total"]) == (0, 0)
    assert waiting["api_prediction_log_spooled_bytes"] > 0
    stopped_postgres.start()
    assert {str(row["prediction_id"]) for row in rows_in(stopped_postgres.url("late"), ids)} == set(ids)
    assert server.metrics()["modelmonitor_database_up"] == 1
