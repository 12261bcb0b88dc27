"""A real Prometheus and a real PostgreSQL, filled by the components that fill them in an installation."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from modelmonitor.local.ports import free_port
from modelmonitor.local.postgres import EmbeddedPostgres
from modelmonitor.store.connection import connect
from modelmonitor.store.schema import migrate
from tests.dashboards.filling import ServedPages, configuration, pages
from tests.dashboards.filling_database import fill_database

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0


@dataclass(frozen=True)
class Prometheus:
    """A running Prometheus as tests ask it."""

    url: str

    def get(self, path: str, **query: str) -> Any:
        address = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        try:
            with urllib.request.urlopen(address) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            pytest.fail(f"{path} {query}: {error.read().decode()}")

    def values(self, expr: str) -> list[float]:
        return [float(each["value"][1]) for each in self.get("query", query=expr)["result"]]

    def labels(self, label: str, series: str) -> list[str]:
        found: list[str] = self.get(f"label/{label}/values", **{"match[]": series})
        return found


@pytest.fixture(scope="session")
def prometheus_program(request: pytest.FixtureRequest) -> Path:
    capture = request.config.pluginmanager.getplugin("capturemanager")
    # The first call of a machine builds for minutes: whoever waits sees why.
    with capture.global_and_fixture_disabled():
        found = subprocess.run(
            [sys.executable, ROOT / "tools/program", "prometheus"], stdout=subprocess.PIPE, text=True
        )
    if found.returncode != 0:
        pytest.fail("prometheus is missing and could not be built; tools/program says why, above")
    return Path(found.stdout.strip())


@pytest.fixture(scope="session")
def prometheus(prometheus_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Scrapes a predictor and an operator every second, with the rules of their monitor."""
    folder = tmp_path_factory.mktemp("prometheus")
    with ServedPages(pages()) as served:
        config = configuration(folder, served)
        command = [
            str(prometheus_program),
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'data'}",
        ]
        port = free_port(0).number
        with _running([*command, f"--web.listen-address=127.0.0.1:{port}"], log=folder / "log"):
            server = Prometheus(f"http://127.0.0.1:{port}")
            # Rates of the slowest recording rules need two scrapes and two evaluations.
            _wait_for_rules(server)
            yield server


@pytest.fixture(scope="session")
def database(postgres: EmbeddedPostgres) -> str:
    """URL of a database with predictions, labels, runs, episodes, alerts and hourly sums."""
    url = postgres.create_database(f"dashboards_{uuid.uuid4().hex}")
    migrate(url)
    with closing(connect(url, application_name="tests")) as conn:
        fill_database(conn, url)
    return url


@contextmanager
def _running(command: list[str], *, log: Path) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


def _has_rates(server: Prometheus) -> bool:
    scrapes = server.values("count_over_time(up[30s])")
    return bool(
        # Each of the three jobs begins at a time of its own.
        len(scrapes) == 3
        and min(scrapes) >= 3
        and server.values('ALERTS{alertstate="firing"}')
        and server.values("modelmonitor:request_errors:ratio_rate3d")
    )


def _wait_for_rules(server: Prometheus) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            if _has_rates(server):
                return
        except (OSError, AssertionError):
            pass
        time.sleep(0.5)
    pytest.fail("the recording rules have no result after a minute")
