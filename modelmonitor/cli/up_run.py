"""The local stack on a terminal: start everything, show where it is, watch until Ctrl-C."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Final

from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.cli.local_stack import MonitorText, console, stopping_on_sigterm
from modelmonitor.local.addresses import Addresses
from modelmonitor.local.errors import NoModel
from modelmonitor.local.scheduler import next_runs
from modelmonitor.local.settings import LocalSettings
from modelmonitor.local.stack import Stack
from modelmonitor.local.watch import watch

_EXAMPLE: Final = '{"text": "I love it!"}'


def run_up(read: MonitorText, settings: LocalSettings, *, model: str | None) -> None:
    """Start the stack, show its addresses, and watch it until interrupted.

    Raises:
        AlreadyRunning: another process works in the data directory.
        DataDirectoryUnusable: it cannot be written to.
        NoModel: none was named and none is registered.
        ProcessFailed: a process did not start, or ended again and again.
    """
    # Messages hold paths and log lines, in which square brackets are no markup.
    say = partial(console().print, markup=False, soft_wrap=True)
    with stopping_on_sigterm(), Stack(settings, say=say) as stack:
        monitor_file = settings.data_dir / "monitor.yaml"
        read.write(monitor_file)
        try:
            _start(stack, read.monitor, model=model, say=say)
            watch(stack, read.monitor, monitor_file=monitor_file, say=say)
        finally:
            say(f"\nstopping; the data stay in {settings.data_dir}")


def _start(stack: Stack, monitor: ModelMonitor, *, model: str | None, say: Callable[[str], object]) -> None:
    say("starting PostgreSQL and MLflow …")
    stack.start_storage()
    say("loading the model …")
    stack.start_predictor(
        model_uri=model or _champion(stack.mlflow_url),
        model_name=monitor.model_name,
        deployment_id=monitor.model_name,
        input_text=monitor.spec.privacy.input,
    )
    for line in _overview(stack.addresses):
        say(line)
    for run in next_runs(monitor.spec.checks, now=datetime.now(UTC)):
        say(f"  check {run.check} runs next at {run.at:%Y-%m-%d %H:%M} UTC")
    say("\nPress Ctrl-C to stop.")


def _champion(mlflow_url: str) -> str:
    # Imported here, for MLflow's client takes many seconds, which a named model need not wait for.
    from modelmonitor.demo.registry import CHAMPION_URI, find_champion

    if find_champion(mlflow_url) is None:
        msg = (
            "there is no model to serve yet: run `modelmonitor demo` once, which trains one, "
            "or name one with --model (a folder or a Hugging Face id)"
        )
        raise NoModel(msg)
    return CHAMPION_URI


def _overview(addresses: Addresses) -> tuple[str, ...]:
    url = addresses.predictor_url
    # Whole lines however narrow the terminal, so that they can be copied.
    return (
        f"predict     curl {url}/predict -H 'Content-Type: application/json' -d '{_EXAMPLE}'",
        f"API docs    {url}/docs",
        f"metrics     {url}/metrics",
        f"gRPC (V2)   {addresses.grpc_address}",
        f"labels      {addresses.collector_url}/feedback (alerts at /alerts, KServe events at /)",
        f"MLflow      {addresses.mlflow_url}",
        f"PostgreSQL  {addresses.database_place}",
    )
