"""`modelmonitor drift replay`: a past run once more, with every number compared."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from modelmonitor.cli.document import check_format, document
from modelmonitor.cli.drift_history import database_of
from modelmonitor.cli.exit_codes import ExitCode
from modelmonitor.cli.options import Output
from modelmonitor.cli.places import Where, find_places
from modelmonitor.cli.sources.database import read_database
from modelmonitor.cli.where import reads_from_somewhere

if TYPE_CHECKING:
    from modelmonitor.job.replay import Replayed

# A run reads up to a million rows and computes for as long as the job did.
_TIMEOUT_S: Final = 1800.0
_SHOWN: Final = 10


@reads_from_somewhere
def replay_run(
    where: Where,
    run: Annotated[str, typer.Argument(help="Identity of the run, or how it begins", show_default=False)],
    output: Output = "table",
) -> None:
    """Repeat a past run on the rows that it read and compare every number; nothing is written.

    Exits with 6 when rows were deleted, changed or added since, or when a number comes out different.
    """
    check_format(output)
    from modelmonitor.job.evidence import installed_packages
    from modelmonitor.job.replay import replay

    def repeat(conn: Any) -> Replayed:  # noqa: ANN401 - psycopg2's connection
        return replay(conn, run, packages=installed_packages())

    url = database_of(find_places(where, environment=os.environ))
    found = read_database(url, repeat, timeout_s=max(where.timeout_s, _TIMEOUT_S))
    print(document("ReplayList", [found], output=output) if output in {"json", "yaml"} else _told(found))
    if not found.same:
        raise typer.Exit(ExitCode.NOT_REPEATED)


def _told(found: Replayed) -> str:
    lines = [f"run {found.run_id}"]
    if found.rows:
        lines += ["cannot be repeated, because rows are no longer what they were:", *map(_item, found.rows)]
    elif found.numbers:
        lines.append(f"gives other numbers, {len(found.numbers)} of {found.compared} values:")
        lines += map(_item, found.numbers[:_SHOWN])
    else:
        lines.append(f"gives the same: {found.compared} values compared on the same rows")
    return "\n".join((*lines, *(f"note: {note}" for note in found.notes)))


def _item(text: str) -> str:
    return f"  {text}"
