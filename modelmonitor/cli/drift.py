"""`modelmonitor drift`: run the checks now, and look at what past runs found."""

from __future__ import annotations

import typer

from modelmonitor.cli import drift_history, drift_replay, drift_run

app = typer.Typer(help="Run drift checks and look at past runs.", no_args_is_help=True)


@app.callback()
def _drift() -> None:
    """Run drift checks and look at past runs."""


app.command("run")(drift_run.run)
app.command("list")(drift_history.list_runs)
app.command("show")(drift_history.show)
app.command("replay")(drift_replay.replay_run)
