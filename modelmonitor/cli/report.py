"""`modelmonitor report`: the report of a run as HTML, Markdown or JSON."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from modelmonitor.cli.document import check_format, write_or_print
from modelmonitor.cli.drift_history import RunDetail, database_of, find_run
from modelmonitor.cli.errors import NotFound, WrongInput
from modelmonitor.cli.options import span
from modelmonitor.cli.places import Places, Where, find_places
from modelmonitor.cli.sources.database import read_database
from modelmonitor.cli.sources.http import get
from modelmonitor.cli.subjects import one_subject, utc_now
from modelmonitor.cli.validate import read_file
from modelmonitor.cli.where import reads_from_somewhere

if TYPE_CHECKING:
    from modelmonitor.report.model import RunReport

_FORMATS: Final = ("html", "md", "json")
_MOST_ROWS: Final = 20_000
_IN_MLFLOW: Final = "runs:/"


@reads_from_somewhere
def report(
    where: Where,
    run: Annotated[str, typer.Argument(help="Identity of a run, or a report.json  [default: newest]")] = "",
    monitor: Annotated[str, typer.Option(help="Name of the monitor")] = "",
    format_: Annotated[str, typer.Option("--format", help="html, md or json")] = "md",
    since: Annotated[str, typer.Option(help="How far back to look for the run, such as 30d")] = "30d",
    out: Annotated[Path | None, typer.Option("--out", help="File to write  [default: print it]")] = None,
) -> None:
    """Write the report of a run: what changed, since when, how sure, does it hurt, what to do."""
    check_format(format_, allowed=_FORMATS)
    back = span(since, option="--since")
    if run.endswith(".json"):
        text, source = read_file(Path(run)), run
    else:
        places = find_places(where, environment=os.environ)
        text, source = _of_run(run, monitor, places, back=back)
    made = render_report(read_report(text, source=source), format_)
    write_or_print(made, out)


def read_report(text: str, *, source: str) -> RunReport:
    """The report that a JSON twin holds.

    Raises:
        WrongInput: the text is no report of this version.
    """
    from pydantic import ValidationError

    from modelmonitor.report.model import RunReport

    try:
        return RunReport.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the text"
        msg = f"{source} is no report of this version of ModelMonitor: {place}: {first['msg']}"
        raise WrongInput(msg) from None


def render_report(report: RunReport, form: str) -> str:
    """The report as html, md or json."""
    if form == "json":
        return report.model_dump_json(indent=2)
    if form == "html":
        from modelmonitor.report.html import render_html

        return render_html(report)
    from modelmonitor.cli.report_markdown import markdown

    return markdown(report)


def _of_run(run: str, monitor: str, places: Places, *, back: timedelta) -> tuple[str, str]:
    from modelmonitor.store.results import list_results

    url = database_of(places)
    subject = one_subject(monitor, places)
    start = utc_now() - back

    def read(conn: Any) -> Any:  # noqa: ANN401 - psycopg2's connection, and rows
        return list_results(
            conn, deployment_id=subject.deployment, namespace=subject.namespace, since=start, limit=_MOST_ROWS
        )

    rows = read_database(url, read, timeout_s=places.timeout_s)
    if not rows:
        msg = f"no run of {subject.name} in this span: `modelmonitor drift run` makes one"
        raise NotFound(msg)
    detail = find_run(run or rows[0].run_id, rows)
    return _text(detail, places), f"the report of run {detail.run}"


def _text(detail: RunDetail, places: Places) -> str:
    where = detail.report
    if where.startswith(_IN_MLFLOW) and places.mlflow_url:
        identity = where.removeprefix(_IN_MLFLOW).partition("/")[0]
        address = f"{places.mlflow_url}/get-artifact?path=report.json&run_uuid={identity}"
        return get(address, timeout_s=places.timeout_s).decode("utf-8", "replace")
    twin = Path(where.removeprefix("file://")).with_suffix(".json") if where else None
    if twin is None or not twin.exists():
        msg = (
            f"the report of run {detail.run} is not here ({where or 'none was kept'}): "
            "set MM_MLFLOW_URL, or run this where the file is"
        )
        raise NotFound(msg)
    return read_file(twin)
