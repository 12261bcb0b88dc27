"""`modelmonitor up`: PostgreSQL, MLflow, the predictor and the scheduler on this machine until Ctrl-C."""

from __future__ import annotations

from typing import Annotated

import typer

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
    # Imported here, for it brings MLflow, which no other command should wait for.
    from modelmonitor.cli.up_run import run_up

    run_up(file=file, model=model, data_dir=data_dir, port=port)
