"""One frame of the live view, never higher or wider than the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from io import StringIO
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from modelmonitor.cli.model import Status
from modelmonitor.cli.sparkline import sparkline
from modelmonitor.cli.status_text import plain_table, show_status
from modelmonitor.cli.top_view import View, visible
from modelmonitor.cli.wording import STYLE, ago, health_value

_KEYS: Final = "q quit  s sort  / filter  enter detail"
_CHROME: Final = 3
_NAME: Final = 16
_NAMED: Final = 5
_WIDE: Final = 120


def frame(
    statuses: Sequence[Status], view: View, *, width: int, height: int, interval_s: float, now: datetime
) -> RenderableType:
    """The screen: one line a monitor, or all of one monitor; then the sources and the keys."""
    shown = visible(statuses, view)
    if view.detail and shown:
        chosen = shown[min(view.selected, len(shown) - 1)]
        return Group(*_detail(chosen, width=width, height=height - 1), _footer("enter back  q quit", width))
    body = height - _CHROME
    first = max(0, min(view.selected, len(shown) - 1) - body + 2)
    table = once(shown[first : first + body - 1], selected=view.selected - first)
    said = f"every {interval_s:g} s, sorted by {view.sort}, {now.astimezone(UTC):%H:%M:%S} UTC"
    head = Text(f"modelmonitor top  {len(shown)} monitors, {said}", style="bold", no_wrap=True)
    head.truncate(width, overflow="ellipsis")
    wanted = f"/{view.wanted}{'_' if view.typing else ''}  " if view.typing or view.wanted else ""
    return Group(head, table, _sources(shown, width), _footer(f"{wanted}{_KEYS}", width))


def once(statuses: Sequence[Status], *, selected: int = -1) -> Table:
    """The table alone: one line a monitor."""
    table = plain_table("NAME", "STATE", "REQ/S", "ERR", "P95", "CONF", "", "LOW", "DRIFT", "ALERTS")
    for column in table.columns:
        column.overflow = "ellipsis"
    for number, each in enumerate(statuses):
        values = {row.name: health_value(row) for row in each.health}
        table.add_row(
            each.name if len(each.name) <= _NAME else f"{each.name[: _NAME - 1]}…",
            Text(each.state, style=STYLE[each.state]),
            "-" if each.rate is None else f"{each.rate:.1f}",
            values.get("Error Rate", "-"),
            values.get("Latency (P95)", "-"),
            values.get("Avg Confidence", "-"),
            sparkline(each.trend[-8:], low=0.5, high=1.0),
            values.get("Low Confidence Rate", "-"),
            _drift(each),
            str(len(each.alerts)),
            style="reverse" if number == selected else "",
        )
    return table


def last_line(statuses: Sequence[Status]) -> str:
    """What stays in the scroll-back."""
    told = (
        ", ".join(f"{each.name} {each.state}" for each in visible(statuses, View())[:5]) or "nothing was read"
    )
    more = f" and {len(statuses) - 5} more" if len(statuses) > 5 else ""
    return f"{told}{more}"


def _drift(status: Status) -> Text:
    drifted = [check for check in status.checks if check.verdict == "Drift"]
    if not drifted:
        return Text("no" if status.checks else "-", style="dim")
    worst = min(drifted, key=lambda check: check.severity != "critical")
    return Text(
        f"{worst.name} {ago(worst.at, status.at)}",
        style="bold red" if worst.severity == "critical" else "yellow",
    )


def _sources(shown: Sequence[Status], width: int) -> Text:
    lines = {source.name: source for status in shown for source in status.sources}
    told = " | ".join(
        f"{each.name} {f'{each.took_ms} ms' if each.answered else 'DOWN'}" for each in lines.values()
    )
    text = Text(told or "no sources", style="dim", no_wrap=True)
    text.truncate(width, overflow="ellipsis")
    return text


def _footer(told: str, width: int) -> Text:
    text = Text(told, style="bold", no_wrap=True)
    text.truncate(width, overflow="ellipsis")
    return text


def _detail(status: Status, *, width: int, height: int) -> list[Text]:
    drawn = Console(
        file=StringIO(), width=width, highlight=False, force_terminal=True, color_system="standard"
    )
    with drawn.capture() as captured:
        show_status(status, out=drawn, wide=width >= 120)
    lines = [Text.from_ansi(line) for line in captured.get().splitlines()[:height]]
    for line in lines:
        line.no_wrap = True
        line.truncate(width, overflow="ellipsis")
    return lines
