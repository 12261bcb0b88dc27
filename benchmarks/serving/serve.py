"""Our predictor under test, as users start it: `python -m model_server` with settings in its environment."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.serving.load_result import LoadFailed
from modelmonitor.local.ports import free_port
from modelmonitor.local.predictor import Predictor

HOST = "127.0.0.1"
_START_S = 300.0
_SETTLE_S = 120.0


@dataclass(frozen=True, slots=True)
class Serving:
    """A server that answers."""

    pid: int
    port: int
    grpc_port: int = 0

    def metric(self, name: str) -> float:
        """Sum of a metric's series."""
        page = httpx.get(f"http://{HOST}:{self.port}/metrics", timeout=30).text
        values = [
            float(line.rpartition(" ")[2])
            for line in page.splitlines()
            if line.startswith((f"{name} ", f"{name}{{"))
        ]
        return sum(values)


def server_environment(model: Path, *, folder: Path, **settings: object) -> dict[str, str]:
    """This process's environment with only the given MM_SERVER_* settings; no log unless asked for."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MM_SERVER_", "KSERVE_", "OMP_"))
    }
    chosen = {
        "model_uri": model,
        "model_cache_dir": Path(".cache/bench/models").absolute(),
        "spool_dir": folder / "spool",
        "log": "off",
        **settings,
    }
    return {
        **inherited,
        "HF_HUB_OFFLINE": "1",
        **{f"MM_SERVER_{name.upper()}": str(value) for name, value in chosen.items()},
    }


@contextmanager
def predictor(model: Path, **settings: object) -> Iterator[Serving]:
    """A predictor on free ports with the given settings (names without prefix), all else at its default.

    Raises:
        ProcessFailed: it did not start; the message holds the end of its log.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        http_port, grpc_port = free_port(0).number, free_port(0).number
        process = Predictor(
            server_environment(model, folder=folder, **settings),
            http_port=http_port,
            grpc_port=grpc_port,
            log=folder / "predictor.log",
            start_s=_START_S,
        )
        process.start()
        try:
            yield Serving(process.pid or 0, http_port, grpc_port)
        finally:
            process.stop()


def wait_until_drained(server: Serving) -> None:
    """Return when no logged row waits for PostgreSQL any more.

    Raises:
        LoadFailed: that took two minutes.
    """
    deadline = time.monotonic() + _SETTLE_S
    while server.metric("api_prediction_log_spooled_bytes") > 0:
        if time.monotonic() > deadline:
            msg = f"rows still wait for PostgreSQL {_SETTLE_S:.0f} s after the load"
            raise LoadFailed(msg)
        time.sleep(0.1)
