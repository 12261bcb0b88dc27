"""`modelmonitor up`: PostgreSQL, MLflow, the predictor and the scheduler on this machine until Ctrl-C."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from modelmonitor.cli.local_stack import local_settings, read_monitor
from modelmonitor.cli.options import DataDir, MonitorFile


def up(
    file: MonitorFile = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="Model to serve: a folder, models:/NAME@ALIAS or a Hugging Face id", show_default=False
        ),
    ] = None,
    data_dir: DataDir = None,
    port: Annotated[
        int | None, typer.Option(help="Port of the predictor  [default: 8000]", show_default=False)
    ] = None,
) -> None:
    """Serve and monitor a model on this machine until Ctrl-C; the data are kept for the next start."""
    settings = local_settings(data_dir, http_port=port)
    read = read_monitor(file)
    _require_folder(model)
    # Imported here, for it brings the whole stack, which neither other commands nor a wrong file wait for.
    from modelmonitor.cli.up_run import run_up

    run_up(read, settings, model=model)


def _require_folder(model: str | None) -> None:
    # Only what can be nothing but a path: other names may be MLflow's or Hugging Face's.
    if model is not None and model.startswith(("/", "./", "../")) and not Path(model).is_dir():
        msg = f"there is no folder {model}: name a folder, models:/NAME@ALIAS or a Hugging Face id"
        raise typer.BadParameter(msg, param_hint="--model")
