"""Labels by which objects of a monitor are found."""

from __future__ import annotations

from typing import Final

MONITOR_LABEL: Final = "modelmonitor.io/monitor"
"""Name of the ModelMonitor that an object was made for."""

CHECK_LABEL: Final = "modelmonitor.io/check"
"""Name of the check that an object serves."""
