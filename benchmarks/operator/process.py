"""The operator as a process, watched from outside: its memory, its CPU time, what it says of itself."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from benchmarks.operator.server import ROOT

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PATIENCE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Operator:
    """A running operator."""

    pid: int
    port: int

    def metric(self, name: str, *, without: str = "\n") -> float:
        """The sum of a metric's series, or 0 while it does not answer."""
        try:
            text = httpx.get(f"http://127.0.0.1:{self.port}/metrics", trust_env=False, timeout=10).text
        except httpx.HTTPError:
            return 0.0
        lines = [line for line in text.splitlines() if line.startswith((f"{name} ", f"{name}{{"))]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if without not in line)

    def writes(self) -> float:
        """Requests that change something."""
        return self.metric("modelmonitor_operator_api_requests_total", without='verb="GET"')

    def memory_mib(self, field: str = "VmHWM") -> float:
        """Resident memory, the largest so far, or the present with VmRSS."""
        status = Path(f"/proc/{self.pid}/status").read_text("utf-8")
        line = next(line for line in status.splitlines() if line.startswith(f"{field}:"))
        return int(line.split()[1]) / 1024


def cpu_seconds(pid: int) -> float:
    """CPU time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


@contextmanager
def running(kubeconfig: Path, log: Path, *, port: int, prometheus_url: str) -> Iterator[Operator]:
    """`python -m controller run --all-namespaces`, ended at the end."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("MM_")},
        "KUBECONFIG": str(kubeconfig),
        "MM_OPERATOR_PORT": str(port),
        "MM_OPERATOR_HOST": "127.0.0.1",
        "MM_OPERATOR_PROMETHEUS_URL": prometheus_url,
    }
    command = [sys.executable, "-m", "controller", "run", "--all-namespaces"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output, cwd=ROOT)
    try:
        _await_port(process, port)
        yield Operator(process.pid, port)
    finally:
        process.terminate()
        process.wait(timeout=_PATIENCE_S)


def _await_port(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            msg = f"the operator ended with {process.returncode}; see its log"
            raise RuntimeError(msg)
        try:
            httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False)
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    msg = "the operator does not listen"
    raise RuntimeError(msg)
