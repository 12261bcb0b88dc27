"""ModelMonitor: whether a served model can still be trusted, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from modelmonitor.monitor import DriftMonitor, DriftMonitorConfig

__all__ = ["DriftMonitor", "DriftMonitorConfig"]


def __getattr__(name: str) -> object:
    # Loaded when first asked for: the operator imports this package and must stay without numpy and psycopg2.
    if name in __all__:
        from modelmonitor import monitor

        return getattr(monitor, name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
