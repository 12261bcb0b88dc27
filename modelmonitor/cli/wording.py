"""Numbers, times and states as a terminal shows them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from modelmonitor.health import Row, State

STYLE: Final = {
    State.HEALTHY: "green",
    State.WARNING: "yellow",
    State.CRITICAL: "bold red",
    State.UNKNOWN: "dim",
}
OF_SEVERITY: Final = {"none": State.HEALTHY, "warning": State.WARNING, "critical": State.CRITICAL}
_MINUTE_S: Final = 60
_HOUR_S: Final = 3600
_DAY_S: Final = 86_400


def share(value: float | None) -> str:
    """A share 0 to 1 as a percentage."""
    return "-" if value is None else f"{value:.1%}"


def milliseconds(value: float | None) -> str:
    """Seconds as milliseconds."""
    return "-" if value is None else f"{value * 1000:.0f} ms"


def figure(value: float | None) -> str:
    """A number of any size in few digits."""
    return "-" if value is None else f"{value:.3g}"


def ago(moment: datetime | None, now: datetime) -> str:
    """How long ago, in its largest unit."""
    if moment is None:
        return "-"
    seconds = max(0, int((now - moment).total_seconds()))
    for unit, length in (("d", _DAY_S), ("h", _HOUR_S), ("m", _MINUTE_S)):
        if seconds >= 2 * length or (unit == "m" and seconds >= length):
            return f"{seconds // length}{unit} ago"
    return f"{seconds}s ago"


def clock(moment: datetime, now: datetime) -> str:
    """A time in UTC, with its day when it is another one."""
    moment, now = moment.astimezone(UTC), now.astimezone(UTC)
    return f"{moment:%H:%M}" if moment.date() == now.date() else f"{moment:%Y-%m-%d %H:%M}"


def health_value(row: Row) -> str:
    """The measured value of a row of the guide's table, in its unit."""
    if row.value is None:
        return "-"
    if row.bounds is None:
        return "loaded" if row.value else "not loaded"
    return milliseconds(row.value) if "Latency" in row.name else share(row.value)


def health_bounds(row: Row) -> tuple[str, str]:
    """The two borders of a row, in its unit."""
    if row.bounds is None:
        return "", "not loaded"
    as_text = milliseconds if "Latency" in row.name else share
    return as_text(row.bounds.warning), as_text(row.bounds.critical)
