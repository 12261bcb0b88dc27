"""Which objects exist for a monitor."""

from __future__ import annotations

from collections.abc import Mapping

from controller.desired.alertmanager_config import alertmanager_config
from controller.desired.cron_job import check_job
from controller.desired.dashboards import dashboards
from controller.desired.defaults import Defaults
from controller.desired.identity import identity
from controller.desired.monitor_file import monitor_file
from controller.desired.pod_monitor import pod_monitor
from controller.desired.prometheus_rule import custom_rules, prometheus_rule
from controller.desired.report_job import report_job
from controller.desired.upkeep_job import upkeep_job
from controller.manifest import CHILD_KINDS, POD_MONITOR, Capabilities, Desired, Plan
from modelmonitor.api.v1alpha1 import ModelMonitor


def plan(
    monitor: ModelMonitor, *, pods: Mapping[str, str] | None, capabilities: Capabilities, defaults: Defaults
) -> Plan:
    """Everything that should exist for a valid monitor.

    Args:
        monitor: the monitor.
        pods: labels of the monitored pods; None while they are not known, because the Service is not there.
        capabilities: what the API server serves.
        defaults: settings of the installation.
    """
    stock, custom = prometheus_rule(monitor, defaults), custom_rules(monitor, defaults)
    objects = (
        monitor_file(monitor),
        *identity(monitor),
        *(check_job(monitor, check, defaults=defaults) for check in monitor.spec.checks),
        upkeep_job(monitor, defaults),
        report_job(monitor, defaults),
        *filter(None, [dashboards(monitor, defaults)]),
        *([pod_monitor(monitor, defaults, pods=pods)] if pods else []),
        stock,
        *custom,
        *_notification(monitor),
    )
    wanted = {one.kind for one in objects}
    return Plan(
        objects=tuple(one for one in objects if capabilities.serves(one.kind)),
        missing=tuple(kind for kind in CHILD_KINDS if kind in wanted and not capabilities.serves(kind)),
        keep=frozenset() if pods else frozenset({POD_MONITOR}),
        stock_groups=_groups(stock),
        custom_groups=_groups(*custom),
    )


def _groups(*rules: Desired) -> frozenset[str]:
    return frozenset(str(group["name"]) for each in rules for group in each.manifest["spec"]["groups"])


def _notification(monitor: ModelMonitor) -> tuple[Desired, ...]:
    notify = monitor.spec.alerts.notify
    return () if notify is None else (alertmanager_config(monitor, notify),)
