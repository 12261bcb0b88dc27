"""`modelmonitor doctor`: find the usual faults, each with its fix."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Annotated, Final

import typer
from rich.text import Text

from modelmonitor.cli.document import check_format, document
from modelmonitor.cli.errors import CommandError
from modelmonitor.cli.examine import examine
from modelmonitor.cli.exit_codes import ExitCode
from modelmonitor.cli.findings import Finding
from modelmonitor.cli.options import Output
from modelmonitor.cli.places import Places, Where, find_places
from modelmonitor.cli.printing import printer
from modelmonitor.cli.subjects import Subject, one_subject, utc_now
from modelmonitor.cli.where import reads_from_somewhere

_STYLE: Final = {"ok": "green", "problem": "bold red", "skipped": "dim"}


@reads_from_somewhere
def doctor(
    where: Where,
    monitor: Annotated[str, typer.Argument(help="Name of the monitor  [default: the one there is]")] = "",
    output: Output = "table",
) -> None:
    """Look for the usual faults, from the model server to the alerts, and say how to mend each.

    Exit code 1 if there is a problem.
    """
    check_format(output)
    places = find_places(where, environment=os.environ)
    subject, unknown = _subject(monitor, places)
    findings = (*unknown, *examine(subject, places, clock=utc_now))
    if output in {"json", "yaml"}:
        print(document("FindingList", findings, output=output))
    else:
        _show(findings)
    if any(finding.outcome == "problem" for finding in findings):
        raise typer.Exit(ExitCode.ERROR)


def _subject(monitor: str, places: Places) -> tuple[Subject | None, tuple[Finding, ...]]:
    try:
        return one_subject(monitor, places), ()
    except CommandError as error:
        # The other checks may tell why, so they still run.
        return None, (Finding("monitor", "problem", str(error), "name a monitor that exists"),)


def _show(findings: Sequence[Finding]) -> None:
    out = printer()
    for finding in findings:
        out.print(Text(f"{finding.outcome:<8}", style=_STYLE[finding.outcome]), end="")
        out.print(f"{finding.check}: {finding.told}", markup=False, soft_wrap=True)
        if finding.fix:
            out.print(f"        fix: {finding.fix}", markup=False, soft_wrap=True)
    problems = sum(finding.outcome == "problem" for finding in findings)
    skipped = sum(finding.outcome == "skipped" for finding in findings)
    out.print(f"{problems} problems, {skipped} checks skipped, {len(findings)} in all", style="bold")
