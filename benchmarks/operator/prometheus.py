"""A Prometheus that has the rules of all monitors loaded, to be surveyed as in an installation."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx

from benchmarks.operator.server import ROOT
from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.rules import rule_groups

_PATIENCE_S: Final = 120.0
# It shares the cores with what is measured, to which it matters only that the rules are there.
_SELDOM: Final = "1h"


@contextmanager
def prometheus(folder: Path, monitors: Sequence[ModelMonitor], *, port: int) -> Iterator[str]:
    """Its address.

    Args:
        folder: for its data, configuration and log.
        monitors: whose rules it has.
        port: to listen on.
    """
    folder.mkdir()
    # Names of monitors differ here, and those of their groups with them, so that one file holds all.
    groups = [group for monitor in monitors for group in rule_groups(monitor)]
    (folder / "rules.json").write_text(json.dumps({"groups": groups}), "utf-8")
    config = {"global": {"evaluation_interval": _SELDOM}, "rule_files": [str(folder / "rules.json")]}
    (folder / "prometheus.json").write_text(json.dumps(config), "utf-8")
    found = subprocess.run(
        [sys.executable, ROOT / "tools/program", "prometheus"], stdout=subprocess.PIPE, text=True, check=True
    )
    command = [
        found.stdout.strip(),
        f"--config.file={folder / 'prometheus.json'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (folder / "log").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        _await_ready(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=_PATIENCE_S)


def _await_ready(url: str) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/-/ready", trust_env=False).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    msg = f"Prometheus at {url} is not ready within {_PATIENCE_S:.0f} s"
    raise RuntimeError(msg)
