"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
