"""Options that several commands share."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from modelmonitor.cli.errors import WrongInput

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        help="Folder for database, models, reports and logs  [default: .modelmonitor, or $MM_LOCAL_DATA_DIR]",
        show_default=False,
    ),
]
MonitorFile = Annotated[
    Path | None,
    typer.Option(
        "--file",
        "-f",
        help="ModelMonitor in YAML  [default: the model 'sentiment' of the demo]",
        show_default=False,
    ),
]
Output = Annotated[str, typer.Option("-o", "--output", help="table, wide, json or yaml")]


def span(text: str, *, option: str) -> timedelta:
    """The span that an option such as `--since 7d` names.

    Raises:
        WrongInput: it is none, or of no length.
    """
    from modelmonitor.api.durations import NotADuration, parse_duration

    try:
        length = parse_duration(text)
    except NotADuration as error:
        msg = f"{option}: {error}"
        raise WrongInput(msg) from None
    if not length:
        msg = f"{option} {text} has no length: write for example 24h"
        raise WrongInput(msg)
    return length
