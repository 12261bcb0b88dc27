"""`modelmonitor feedback import`: labels that came late, from a file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from modelmonitor.cli.errors import NameWhere, SourceDown, WrongInput
from modelmonitor.cli.label_file import read_label_file
from modelmonitor.cli.places import Places, Where, find_places
from modelmonitor.cli.sources.collector import send_labels
from modelmonitor.cli.subjects import utc_now
from modelmonitor.cli.validate import read_file
from modelmonitor.cli.where import reads_from_somewhere

if TYPE_CHECKING:
    from modelmonitor.store.feedback import Feedback

_BATCH: Final = 10_000

app = typer.Typer(help="True labels of predictions.", no_args_is_help=True)


@app.callback()
def _feedback() -> None:
    """True labels of predictions."""


@app.command("import")
@reads_from_somewhere
def import_labels(
    where: Where,
    file: Annotated[
        Path, typer.Argument(help="CSV, JSON or NDJSON, or - for standard input", show_default=False)
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check the file")] = False,
    format_: Annotated[
        str, typer.Option("--format", help="csv, json or ndjson  [default: by its content]")
    ] = "",
    collector: Annotated[
        str, typer.Option(envvar="MM_COLLECTOR_URL", help="Address of the collector that takes them")
    ] = "",
) -> None:
    """Import labels with the columns prediction_id, label and, if known, labelled_at and source.

    All or none: a line that cannot be taken stops the import before anything is written. Repeating it adds
    nothing where labelled_at is given. They go to the collector if one is named (its token, if it wants one,
    from MM_COLLECTOR_TOKEN), else into PostgreSQL.
    """
    if collector and not collector.startswith(("http://", "https://")):
        msg = f"--collector {collector!r} is not a URL: write http://host:port"
        raise WrongInput(msg)
    labels = read_label_file(read_file(file), source=str(file), given=format_, now=utc_now())
    if dry_run:
        print(f"{len(labels)} labels can be imported")
    elif collector:
        token = os.environ.get("MM_COLLECTOR_TOKEN", "")
        taken = send_labels(collector.rstrip("/"), labels, token=token, timeout_s=where.timeout_s)
        print(f"{len(labels)} labels read, the collector took {taken}")
    else:
        new = _store(labels, find_places(where, environment=os.environ))
        print(f"{len(labels)} labels read, {new} of them new")


def _store(labels: Sequence[Feedback], places: Places) -> int:
    """Write labels into PostgreSQL, all in one transaction; the number that was new."""
    if not places.database_url:
        msg = (
            "labels go to the collector or into PostgreSQL: give --collector http://host:port, or set "
            "MM_DATABASE_URL to postgresql://user:password@host:port/name"
        )
        raise NameWhere(msg)
    import psycopg2

    from modelmonitor.store.connection import connect
    from modelmonitor.store.feedback import add_labels

    with closing(connect(places.database_url, application_name="modelmonitor-cli")) as conn:
        try:
            with conn, conn.cursor() as cursor:
                parts = range(0, len(labels), _BATCH)
                return sum(add_labels(cursor, labels[start : start + _BATCH]) for start in parts)
        except psycopg2.Error as error:
            first = str(error).partition("\n")[0]
            msg = f"PostgreSQL did not take the labels, none was kept: {first}"
            raise SourceDown(msg) from None
