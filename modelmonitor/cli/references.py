"""`modelmonitor reference`: texts of which drift jobs build references, and the references that there are."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console

from modelmonitor.cli.document import check_format, document
from modelmonitor.cli.drift_history import database_of
from modelmonitor.cli.errors import SourceDown, WrongInput
from modelmonitor.cli.options import Output
from modelmonitor.cli.places import Where, find_places
from modelmonitor.cli.printing import printer
from modelmonitor.cli.status_text import plain_table
from modelmonitor.cli.subjects import utc_now
from modelmonitor.cli.where import reads_from_somewhere

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812 - psycopg2's class has a lower-case name

# As spec.reference.dataset, so that what is imported can be named there.
_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?")

app = typer.Typer(help="What predictions are compared with.", no_args_is_help=True)


@app.callback()
def _reference() -> None:
    """What predictions are compared with."""


@dataclass(frozen=True, slots=True)
class ReferenceLine:
    """One version of a reference, or a data set that waits to be scored (then without a model)."""

    name: str
    version: int
    model: str
    model_version: str
    rows: int
    at: datetime
    origin: str


@app.command("import")
@reads_from_somewhere
def import_texts(
    where: Where,
    name: Annotated[str, typer.Argument(help="Name, as in spec.reference.dataset", show_default=False)],
    file: Annotated[
        Path, typer.Argument(help="CSV or NDJSON with the columns text and label", show_default=False)
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check the file")] = False,
) -> None:
    """Import texts into PostgreSQL; the next drift job has the served model score them as a reference.

    All or none. The column label may be missing or empty; with it accuracy can be estimated. Importing the
    same file again changes nothing, another file becomes the next version.
    """
    from modelmonitor.job.datasets import read_dataset
    from modelmonitor.store.datasets import save_dataset

    if not _NAME.fullmatch(name):
        msg = f"{name!r} is no name of a data set: write small letters, digits, '.', '_' and '-'"
        raise WrongInput(msg)
    rows = read_dataset(file)
    if dry_run:
        print(f"{len(rows)} texts can be imported")
        return
    with _writing(where) as conn:
        head = save_dataset(conn, name, rows, now=utc_now())
    print(f"{name} version {head.version}: {head.texts} texts, {head.labelled} of them labelled")


@app.command("list")
@reads_from_somewhere
def list_references(where: Where, output: Output = "table") -> None:
    """List references by model and version, newest first, and data sets that were imported."""
    check_format(output)
    with _writing(where) as conn:
        lines = _lines(conn)
    if output in {"json", "yaml"}:
        print(document("ReferenceList", lines, output=output))
        return
    if not lines:
        Console(stderr=True).print("no reference yet: the first drift job builds it, or import its texts")
        return
    table = plain_table("NAME", "VERSION", "MODEL", "ROWS", "BUILT", "OF")
    for each in lines:
        model = f"{each.model} {each.model_version}" if each.model else "-"
        row = (each.name, str(each.version), model, f"{each.rows:,}", f"{each.at:%Y-%m-%d %H:%M}")
        table.add_row(*row, each.origin)
    printer().print(table)


def _lines(conn: Connection) -> list[ReferenceLine]:
    from modelmonitor.store.datasets import list_datasets
    from modelmonitor.store.references import list_references

    built = [
        ReferenceLine(
            each.name,
            each.version,
            each.model_name,
            each.model_version,
            each.rows,
            each.created_at,
            each.origin,
        )
        for each in list_references(conn)
    ]
    imported = [
        ReferenceLine(each.name, each.version, "", "", each.texts, each.imported_at, "imported texts")
        for each in list_datasets(conn)
    ]
    return [*built, *imported]


@contextmanager
def _writing(where: Where) -> Iterator[Connection]:
    import psycopg2

    from modelmonitor.store.connection import connect

    url = database_of(find_places(where, environment=os.environ))
    with closing(connect(url, application_name="modelmonitor-cli")) as conn:
        try:
            yield conn
        except psycopg2.Error as error:
            first = str(error).partition("\n")[0]
            msg = f"PostgreSQL refused it, nothing was changed: {first}"
            raise SourceDown(msg) from None
