"""`modelmonitor drift`: run the checks now, and look at what past runs found."""

from __future__ import annotations

import json
import os
from typing import Annotated

import typer

from modelmonitor.cli import drift_history
from modelmonitor.cli.exit_codes import ExitCode
from modelmonitor.cli.local_stack import console, local_settings, monitor_from
from modelmonitor.cli.options import DataDir, MonitorFile
from modelmonitor.local.addresses import Addresses
from modelmonitor.local.scheduled import run_check

app = typer.Typer(help="Run drift checks and look at past runs.", no_args_is_help=True)


@app.callback()
def _drift() -> None:
    """Run drift checks and look at past runs."""


@app.command()
def run(
    check: Annotated[str, typer.Option(help="Name of the one check to run, or all")] = "all",
    file: MonitorFile = None,
    data_dir: DataDir = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 20 when a check says drift")
    ] = False,
    output: Annotated[str, typer.Option("-o", "--output", help="text or json")] = "text",
) -> None:
    """Run the checks of the running local stack now, over their whole lookback."""
    if output not in {"text", "json"}:
        msg = f"{output!r} is not a format: choose text or json"
        raise typer.BadParameter(msg)
    settings = local_settings(data_dir)
    addresses = Addresses.read(settings.data_dir)
    monitor_file = settings.data_dir / "monitor.yaml"
    if file is not None:
        monitor_file = settings.data_dir / "drift-run.yaml"
        monitor_from(file, copy=monitor_file)
    outcome = run_check(
        check,
        monitor_file=monitor_file,
        addresses=addresses,
        data_dir=settings.data_dir,
        environment=os.environ,
    )
    if not outcome.succeeded:
        console().print(f"modelmonitor: {outcome.sentences[0]}", markup=False, soft_wrap=True)
        # A job that a signal ended has a negative code, which no shell can tell.
        raise typer.Exit(outcome.exit_code if outcome.exit_code > 0 else ExitCode.ERROR)
    print(
        json.dumps(outcome.output, indent=2)
        if output == "json"
        else "\n".join((*outcome.sentences, f"report: {outcome.report}"))
    )
    if exit_code and outcome.drifted:
        raise typer.Exit(ExitCode.DRIFT)


app.command("list")(drift_history.list_runs)
app.command("show")(drift_history.show)
