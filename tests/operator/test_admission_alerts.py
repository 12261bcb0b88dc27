"""What the admission webhook says of changes of alerts; a real Prometheus reads the expressions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from controller.handlers.surroundings import Scout, connect
from modelmonitor.local.ports import free_port
from tests.dashboards.filling import ServedPages
from tests.operator.traffic import ToldPrometheus, prometheus, prometheus_program
from tests.operator.webhook import Webhook, apply, certificate, refused, registered, warned

__all__ = ["certificate", "prometheus", "prometheus_program"]


@pytest.fixture
def webhook(
    namespace: Any, kubeconfig: Path, certificate: tuple[Path, Path], prometheus: ToldPrometheus
) -> Iterator[Webhook]:
    """A webhook that this namespace's monitors are shown to."""
    scout = Scout(connect(), prometheus_url=prometheus.url)
    with registered(scout, namespace=namespace, certificate=certificate) as running:
        yield running


def overriding(monitor: dict[str, Any], *overrides: dict[str, Any], **alerts: Any) -> dict[str, Any]:
    return {**monitor, "spec": {**monitor["spec"], "alerts": {"overrides": list(overrides), **alerts}}}


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("sum(", "1:5: parse error: unclosed left parenthesis"),
        ("up ==", "1:6: parse error: unexpected end of input"),
        ("rate(up)", '1:6: parse error: expected type range vector in call to function "rate"'),
        ("# up == 0", "1:1: parse error: no expression found in input"),
    ],
)
def test_an_expression_that_prometheus_cannot_read_is_refused_in_its_words(
    namespace: Any, webhook: Webhook, monitor: dict[str, Any], expression: str, said: str
) -> None:
    fine = {"alert": "ModelTargetDown", "expr": "sum(up) < 2"}

    answer = apply(
        namespace, overriding(monitor, fine, {"alert": "ModelLatencyHigh", "expr": expression}), until=refused
    )

    message = answer.json()["message"]
    field = "spec.alerts.overrides[1].expr: Prometheus cannot read the expression for ModelLatencyHigh"
    assert f"{field} ({said}" in message
    assert "correct it, or leave expr out for the alert's own" in message
    assert "ModelTargetDown" not in message


def test_the_longest_expression_is_taken(namespace: Any, webhook: Webhook, monitor: dict[str, Any]) -> None:
    start = 'sum(up{team="größe & 1+1"}) < 2 # '
    longest = start + "x" * (4096 - len(start))

    answer = apply(
        namespace, overriding(monitor, {"alert": "ModelLatencyHigh", "expr": longest}), until=warned
    )

    assert answer.status_code == 201


@pytest.fixture(params=["nobody", "another program"])
def elsewhere(request: pytest.FixtureRequest) -> Iterator[str]:
    """An address at which no Prometheus is."""
    if request.param == "nobody":
        yield f"http://127.0.0.1:{free_port(0).number}"
    else:
        with ServedPages({}) as other:
            yield f"http://{other.address}"


def test_an_expression_is_not_judged_while_prometheus_does_not_answer(
    namespace: Any,
    kubeconfig: Path,
    certificate: tuple[Path, Path],
    monitor: dict[str, Any],
    elsewhere: str,
) -> None:
    scout = Scout(connect(), prometheus_url=elsewhere)
    with registered(scout, namespace=namespace, certificate=certificate):
        broken = overriding(monitor, {"alert": "ModelLatencyHigh", "expr": "sum("})

        assert apply(namespace, broken, until=warned).status_code == 201


@pytest.mark.parametrize(
    ("alert", "alerts"),
    [
        ("ModelPerformanceBelowTarget", {}),
        ("ModelMonitorOperatorDown", {}),
        ("ModelLatencyHigh", {"disabled": ["ModelLatencyHigh"]}),
    ],
)
def test_an_override_that_changes_nothing_is_taken_with_a_warning(
    namespace: Any, webhook: Webhook, monitor: dict[str, Any], alert: str, alerts: dict[str, Any]
) -> None:
    idle = overriding(monitor, {"alert": alert, "expr": "sum(up) < 2"}, **alerts)

    answer = apply(namespace, idle, until=warned)

    assert answer.status_code == 201
    told = " ".join(answer.headers.get_list("warning"))
    assert f"spec.alerts.overrides[0]: this monitor has no {alert}" in told
