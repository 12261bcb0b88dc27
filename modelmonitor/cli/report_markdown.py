"""The report of a run as Markdown: for a ticket, a chat or a terminal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from modelmonitor.cli.wording import figure
from modelmonitor.report.answers import answers

if TYPE_CHECKING:
    from modelmonitor.report.check import CheckReport
    from modelmonitor.report.model import RunReport

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>|#])")


def markdown(report: RunReport) -> str:
    """The six answers, then one row a check; logged words are escaped, so that they stay words."""
    told = answers(report)
    window = f"{report.window.start:%Y-%m-%d %H:%M} to {report.window.end:%Y-%m-%d %H:%M} UTC"
    version = report.model_version or "unknown"
    lines = [
        f"# {_safe(report.monitor)}: {_safe(told.verdict)}",
        "",
        f"Run {_safe(report.run_id)}, window {window}, model version {_safe(version)}.",
        "",
        *(f"- **What changed:** {_safe(each)}" for each in told.changed),
        f"- **Since when:** {_safe(told.since)}",
        f"- **How sure:** {_safe(told.sure)}",
        f"- **Does it hurt:** {_safe(told.hurts)}",
        *(f"- **What to do:** {_safe(each)}" for each in told.action),
        "",
        "| check | type | verdict | detector | p-value | effect |",
        "| --- | --- | --- | --- | --- | --- |",
        *map(_row, report.checks),
        *(f"\nNote: {_safe(note)}" for note in report.notes),
    ]
    return "\n".join(lines)


def _row(check: CheckReport) -> str:
    leading = check.leading
    numbers = (figure(leading.p_value), figure(leading.effect_size)) if leading else ("-", "-")
    outcome = f"{check.verdict.outcome} {check.verdict.rank}".removesuffix(" none")
    cells = (check.name, check.type, outcome, check.detector, *numbers)
    return f"| {' | '.join(map(_safe, cells))} |"


def _safe(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", " ".join(str(text).split()))
