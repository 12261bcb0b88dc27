"""How alerts look and whom they reach."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from modelmonitor.api.base import ApiModel, Rule
from modelmonitor.api.containers import KeyedBy, KeysMatching
from modelmonitor.api.durations import Delay
from modelmonitor.api.names import AlertName, Channel, EmailAddress, Expression, HttpUrl, LabelText
from modelmonitor.api.quantities import PositiveDecimal, Share
from modelmonitor.api.secrets import SecretKey

AlertSeverity = Literal["info", "warning", "critical"]
OWN_LABELS: Final = ("alertname", "severity", "namespace", "modelmonitor")

AlertLabels = Annotated[
    Mapping[str, LabelText],
    KeysMatching(
        pattern=r"^[a-zA-Z_][a-zA-Z0-9_]{0,62}$",
        message="an alert label's name has letters, digits and '_', such as 'team'",
    ),
]


class AlertOverride(ApiModel):
    """Another delay, severity or expression for one alert."""

    alert: AlertName
    """Name of the alert, such as ModelDriftDetected."""

    for_: Delay | None = Field(default=None, alias="for")
    """How long the condition must hold before the alert fires."""

    severity: AlertSeverity | None = None
    """Severity label of the alert."""

    expr: Expression | None = None
    """PromQL in place of the alert's own: it fires while this has a result. Labels stay as they are."""

    rules: ClassVar = (
        Rule(
            message="an override needs for, severity or expr, else it changes nothing",
            cel="has(self.__for__) || has(self.severity) || has(self.expr)",
            holds=lambda override: (override.for_, override.severity, override.expr) != (None, None, None),
        ),
    )


class SlackReceiver(ApiModel):
    """A Slack channel."""

    channel: Channel
    """Channel, such as #ml-alerts."""

    webhook: SecretKey
    """Secret with the address of Slack's incoming webhook."""


class EmailReceiver(ApiModel):
    """A mailbox, reached through the mail server that Alertmanager is set up with."""

    to: EmailAddress
    """Address."""


class Notify(ApiModel):
    """Receivers, set up in Alertmanager through an AlertmanagerConfig.

    Leave `notify` out if Alertmanager routes the alerts already.
    """

    slack: SlackReceiver | None = None
    """A Slack channel."""

    email: EmailReceiver | None = None
    """A mailbox."""

    webhook: SecretKey | None = None
    """Secret with the address of a webhook that takes Alertmanager's JSON."""

    min_severity: AlertSeverity = "warning"
    """Alerts below this severity are not sent."""

    rules: ClassVar = (
        Rule(
            message="alerts.notify needs at least one of slack, email and webhook; leave notify out for none",
            cel="has(self.slack) || has(self.email) || has(self.webhook)",
            holds=lambda notify: bool(notify.slack or notify.email or notify.webhook),
        ),
    )


class Alerts(ApiModel):
    """Alerts of this monitor."""

    labels: AlertLabels = Field(default={})
    """Labels on every alert, for Alertmanager to route on."""

    runbook_base_url: HttpUrl | None = Field(default=None, alias="runbookBaseURL")
    """Address to which `/<alert name>` is added for the runbook link; the project's own pages if left out."""

    disabled: Annotated[tuple[AlertName, ...], KeyedBy((), max_items=32)] = ()
    """Alerts that are not made."""

    overrides: Annotated[tuple[AlertOverride, ...], KeyedBy(("alert",), max_items=32)] = ()
    """Changes of single alerts."""

    min_requests_per_second: PositiveDecimal = "0.05"
    """With less traffic, ratios such as the low-confidence share do not alert."""

    min_accuracy: Share | None = None
    """Accuracy, measured with labels, below which ModelPerformanceBelowTarget fires; none if left out."""

    notify: Notify | None = None
    """Who is told, through Alertmanager."""

    rules: ClassVar = (
        Rule(
            message="alerts.labels must not set alertname, severity, namespace or "
            "modelmonitor: the monitor sets them",
            cel=f"self.labels.all(key, !(key in [{', '.join(repr(name) for name in OWN_LABELS)}]))",
            holds=lambda alerts: not any(name in alerts.labels for name in OWN_LABELS),
        ),
    )
