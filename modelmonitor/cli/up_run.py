"""The local stack on a terminal: start everything, show where it is, watch until Ctrl-C."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from modelmonitor.cli.local_stack import console, local_settings, monitor_from, stopping_on_sigterm
from modelmonitor.demo.registry import CHAMPION_URI, find_champion
from modelmonitor.local.addresses import Addresses
from modelmonitor.local.errors import NoModel
from modelmonitor.local.scheduler import next_runs
from modelmonitor.local.stack import Stack
from modelmonitor.local.watch import watch


def run_up(*, file: Path | None, model: str | None, data_dir: Path | None, port: int | None) -> None:
    """Start the stack, show its addresses, and watch it until interrupted.

    Raises:
        NoModel: none was named and none is registered.
        ProcessFailed: a process ended or did not answer.
    """
    out, settings = console(), local_settings(data_dir, http_port=port)
    with stopping_on_sigterm(), Stack(settings, say=out.print) as stack:
        monitor_file = settings.data_dir / "monitor.yaml"
        monitor = monitor_from(file, copy=monitor_file)
        out.print("starting PostgreSQL and MLflow …")
        stack.start_storage()
        out.print("loading the model …")
        stack.start_predictor(
            model_uri=model or _champion(stack.mlflow_url),
            model_name=monitor.model_name,
            deployment_id=monitor.model_name,
            input_text=monitor.spec.privacy.input,
        )
        _show(out, stack.addresses)
        for run in next_runs(monitor.spec.checks, now=datetime.now(UTC)):
            out.print(f"  check {run.check} runs next at {run.at:%Y-%m-%d %H:%M} UTC")
        out.print("\nPress Ctrl-C to stop.")
        try:
            watch(stack, monitor, monitor_file=monitor_file, say=out.print)
        finally:
            out.print("\nstopping; the data stay in " + str(settings.data_dir))


def _champion(mlflow_url: str) -> str:
    if find_champion(mlflow_url) is None:
        msg = (
            "there is no model to serve yet: run `modelmonitor demo` once, which trains one, "
            "or name one with --model (a folder or a Hugging Face id)"
        )
        raise NoModel(msg)
    return CHAMPION_URI


def _show(out: Console, addresses: Addresses) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    url = addresses.predictor_url
    for name, address in (
        (
            "predict",
            f"curl {url}/predict -H 'Content-Type: application/json' -d '{{\"text\": \"I love it!\"}}'",
        ),
        ("API docs", f"{url}/docs"),
        ("metrics", f"{url}/metrics"),
        ("gRPC (V2)", addresses.grpc_address),
        ("MLflow", addresses.mlflow_url),
        ("PostgreSQL", addresses.database_place),
    ):
        table.add_row(name, address)
    out.print(table, soft_wrap=True)
