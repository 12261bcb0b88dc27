"""`make bench-operator`: from nothing to Ready, a restart, a whole resync; beside the bare API server."""

from __future__ import annotations

import argparse
import socket
import sys
import tempfile
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from benchmarks.operator.bare import Bare, apply_bare
from benchmarks.operator.population import SPACES, create, elsewhere, move_away
from benchmarks.operator.process import Operator, cpu_seconds, running
from benchmarks.operator.prometheus import prometheus
from benchmarks.operator.server import api_server
from benchmarks.report import Table, machine_description, write_section

_READY_LIMIT_S: Final = 120.0
_MEMORY_LIMIT_MIB: Final = 150.0
_IDLE_LIMIT: Final = 0.01
_PATIENCE_S: Final = 900.0
_WORKERS: Final = 4
# In so long every monitor is looked at once though nothing changed: a shorter span hides what idling costs.
_RESYNC_S: Final = 1350.0


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured of the operator.

    Attributes:
        ready_s: from its start to the last monitor Ready.
        memory_mib: the most resident memory until then.
        cpu_s: CPU time of operator, and of kube-apiserver and etcd together.
        restart_writes: requests that change something, after a restart with nothing changed.
        restart_s: until the restarted operator had looked at all.
        idle: share of a core in the idle span that followed.
        requests: that the operator sent until the last monitor was Ready.
    """

    ready_s: float
    memory_mib: float
    cpu_s: tuple[float, float]
    restart_writes: int
    restart_s: float
    restart_memory_mib: float
    idle: float
    requests: int


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an operator runs in.

    Attributes:
        folder: for its logs.
        prometheus_url: a Prometheus that has the rules of all monitors.
        pids: of kube-apiserver and etcd.
    """

    kubeconfig: Path
    folder: Path
    prometheus_url: str
    pids: list[int]

    def operator(self, name: str) -> AbstractContextManager[Operator]:
        """A running operator, whose log gets the name."""
        log = self.folder / f"{name}.log"
        return running(self.kubeconfig, log, port=_free_port(), prometheus_url=self.prometheus_url)


def main() -> int:
    """Measure and write the section; 1 if a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--monitors", type=int, default=1000)
    parser.add_argument("--idle-seconds", type=float, default=_RESYNC_S)
    parser.add_argument("--bare", type=int, default=300, help="monitors whose objects the bare client sends")
    parser.add_argument("--no-page", action="store_true", help="print only")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-operator-") as name:
        folder = Path(name)
        with api_server(folder) as (http, kubeconfig, pids):
            monitors = create(http, chosen.monitors)
            with prometheus(folder / "prometheus", monitors, port=_free_port()) as url:
                surroundings = Surroundings(kubeconfig, folder, url, pids)
                result = _measure(surroundings, monitors=chosen.monitors, idle_seconds=chosen.idle_seconds)
            move_away(http, monitors)
            bare = apply_bare(kubeconfig, elsewhere(monitors[: chosen.bare]), parallel=_WORKERS)
    table = _table(result, bare, monitors=chosen.monitors)
    sys.stdout.write(table.markdown() + "\n")
    if not chosen.no_page:
        write_section("operator", table, command="make bench-operator", machine=machine_description())
    return 0 if _goals(result) else 1


def _measure(around: Surroundings, *, monitors: int, idle_seconds: float) -> Result:
    before = sum(map(cpu_seconds, around.pids))
    began = time.monotonic()
    with around.operator("first") as operator:
        _until(lambda: operator.metric("modelmonitor_operator_reconciles_total") >= monitors)
        _until(lambda: _ready(operator) >= monitors)
        ready_s = time.monotonic() - began
        memory = operator.memory_mib()
        requests = int(operator.metric("modelmonitor_operator_api_requests_total"))
        cpu = (cpu_seconds(operator.pid), sum(map(cpu_seconds, around.pids)) - before)
    began = time.monotonic()
    with around.operator("second") as operator:
        _until(lambda: operator.metric("modelmonitor_operator_reconciles_total") >= monitors)
        restart_s = time.monotonic() - began
        idle = _idle(operator, idle_seconds)
        return Result(
            ready_s,
            memory,
            cpu,
            restart_writes=int(operator.writes()),
            restart_s=restart_s,
            restart_memory_mib=operator.memory_mib(),
            idle=idle,
            requests=requests,
        )


def _ready(operator: Operator) -> float:
    of_others = 'type="Ready"'
    text = httpx.get(f"http://127.0.0.1:{operator.port}/metrics", trust_env=False, timeout=30).text
    lines = [line for line in text.splitlines() if line.startswith("modelmonitor_condition{")]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if of_others in line)


def _idle(operator: Operator, seconds: float) -> float:
    before = cpu_seconds(operator.pid)
    time.sleep(seconds)
    return (cpu_seconds(operator.pid) - before) / seconds


def _until(holds: Any) -> None:  # noqa: ANN401 - any test without arguments
    deadline = time.monotonic() + _PATIENCE_S
    while not holds():
        if time.monotonic() > deadline:
            msg = f"not within {_PATIENCE_S:.0f} s"
            raise TimeoutError(msg)
        time.sleep(0.5)


def _table(result: Result, bare: Bare, *, monitors: int) -> Table:
    of_operator, of_server = result.cpu_s
    bare_s = bare.seconds * monitors / bare.monitors
    ratio = bare_s / result.ready_s
    rows = [
        ("from nothing to all Ready", f"{result.ready_s:.0f} s", f"≤ {_READY_LIMIT_S:.0f} s"),
        ("most memory on the way", f"{result.memory_mib:.0f} MiB", f"≤ {_MEMORY_LIMIT_MIB:.0f} MiB"),
        ("the same objects from a bare client", f"{bare_s:.0f} s ({ratio:.0%} of it)", "the limit"),
        ("API requests of the operator a monitor", f"{result.requests / monitors:.1f}", ""),
        ("CPU time of operator / API server and etcd", f"{of_operator:.0f} s / {of_server:.0f} s", ""),
        ("writes after a restart with nothing changed", str(result.restart_writes), "0"),
        ("restart until all were looked at", f"{result.restart_s:.0f} s", ""),
        ("most memory after the restart", f"{result.restart_memory_mib:.0f} MiB", ""),
        (
            "CPU of the idle operator, a whole resync with surveys",
            f"{result.idle:.2%} of a core",
            f"≤ {_IDLE_LIMIT:.0%}",
        ),
    ]
    note = (
        f"{monitors} monitors in {SPACES} namespaces, {bare.patches // bare.monitors} objects each; "
        "operator, kube-apiserver, etcd (without fsync) and a Prometheus with the rules of all monitors, "
        "which the operator surveys, share the cores. The bare client sends the same "
        f"objects of {bare.monitors} monitors, reckoned up to all and prepared before, with as many "
        "requests at a time as the operator has workers; it neither reads nor writes a status."
    )
    return Table(("", "measured", "goal"), rows, note=note)


def _goals(result: Result) -> bool:
    return (
        result.ready_s <= _READY_LIMIT_S
        and result.memory_mib <= _MEMORY_LIMIT_MIB
        and result.restart_writes == 0
        and result.idle <= _IDLE_LIMIT
    )


def _free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
