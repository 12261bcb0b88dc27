"""The ModelMonitor resource: what users write, what is written back, and the files generated from it."""

from modelmonitor.api.load import InvalidMonitor, load_monitor
from modelmonitor.api.v1alpha1 import ModelMonitor

__all__ = ["InvalidMonitor", "ModelMonitor", "load_monitor"]
