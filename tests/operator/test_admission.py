"""The admission webhook over TLS, called by a real kube-apiserver as a configuration tells it."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from controller.desired.webhook_configuration import PATH
from controller.handlers.surroundings import Scout, connect
from modelmonitor.local.mlflow import MlflowServer
from modelmonitor.local.ports import free_port
from tests.operator.traffic import ToldPrometheus, prometheus, prometheus_program
from tests.operator.webhook import Webhook, apply, certificate, refused, registered, warned

__all__ = ["certificate", "prometheus", "prometheus_program"]


@pytest.fixture(scope="module")
def mlflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of an MLflow without a model."""
    with MlflowServer(tmp_path_factory.mktemp("mlflow"), port=free_port(0).number) as server:
        yield server.url


@pytest.fixture
def webhook(
    namespace: Any,
    kubeconfig: Path,
    certificate: tuple[Path, Path],
    prometheus: ToldPrometheus,
    mlflow: str,
) -> Iterator[Webhook]:
    """A webhook that this namespace's monitors are shown to; sentiment makes 48 predictions a day."""
    prometheus.tell_of_traffic(namespace=namespace.name, monitor="sentiment", half_hourly=1)
    scout = Scout(connect(), prometheus_url=prometheus.url, mlflow_uri=mlflow)
    with registered(scout, namespace=namespace, certificate=certificate) as running:
        yield running


def test_what_the_schema_cannot_say_is_refused_with_field_and_fix(
    namespace: Any, webhook: Webhook, monitor: dict[str, Any]
) -> None:
    detector = {"name": "mmd", "backend": "native", "params": {"max_permutation": 200}}
    monitor["spec"]["checks"] = [
        {"name": "data", "type": "data", "detector": detector, "timeZone": "Mars/Olympus"}
    ]
    monitor["spec"]["alerts"] = {"disabled": ["ModelLatencyHgh"]}

    message = apply(namespace, monitor, until=refused).json()["message"]

    assert "spec.checks[0].detector.params: max_permutation is no parameter of mmd" in message
    assert "did you mean max_permutations?" in message
    assert (
        "spec.alerts.disabled: no alert is called ModelLatencyHgh; did you mean ModelLatencyHigh?" in message
    )
    assert "spec.checks[0].timeZone: Mars/Olympus is not in the IANA database" in message


def test_a_schedule_that_never_fires_is_refused(
    namespace: Any, webhook: Webhook, monitor: dict[str, Any]
) -> None:
    monitor["spec"]["checks"] = [{"name": "data", "type": "data", "schedule": "0 0 31 2 *"}]

    assert "never fires" in apply(namespace, monitor, until=refused).json()["message"]


def test_a_reference_that_mlflow_does_not_have_is_refused(
    namespace: Any, webhook: Webhook, monitor: dict[str, Any]
) -> None:
    monitor["spec"]["reference"] = {"mlflow": {"registeredModel": "sentiment"}}

    message = apply(namespace, monitor, until=refused).json()["message"]

    assert "MLflow has no registered model sentiment with the alias champion" in message


def test_a_registered_model_is_a_reference_once_it_has_the_alias(
    namespace: Any, webhook: Webhook, monitor: dict[str, Any], mlflow: str
) -> None:
    monitor["spec"]["reference"] = {"mlflow": {"registeredModel": "reviews"}}
    ask_mlflow(mlflow, "registered-models/create", name="reviews")
    ask_mlflow(mlflow, "model-versions/create", name="reviews", source="s3://models/reviews")
    message = apply(namespace, monitor, until=refused).json()["message"]
    assert "MLflow has no registered model reviews with the alias champion" in message

    ask_mlflow(mlflow, "registered-models/alias", name="reviews", alias="champion", version="1")

    assert apply(namespace, monitor, until=warned).status_code == 201


def ask_mlflow(address: str, method: str, **body: str) -> None:
    answer = httpx.post(f"{address}/api/2.0/mlflow/{method}", json=body, trust_env=False)
    assert answer.is_success, answer.text


def test_risky_choices_are_taken_with_warnings(
    namespace: Any, webhook: Webhook, monitor: dict[str, Any]
) -> None:
    monitor["spec"]["reference"] = {"dataset": "unheard-of"}
    monitor["spec"]["retrain"] = {"action": "job", "job": {"cronJob": "train"}}

    answer = apply(namespace, monitor, until=warned)

    assert answer.status_code == 201
    told = " ".join(answer.headers.get_list("warning"))
    assert "Checks concept, data, performance use alibi-detect" in told
    assert "at the traffic of the last day 24h hold 48 predictions of the 200 needed (minRows)" in told
    assert "lookback: 5d would do" in told
    assert "spec.reference.dataset: no monitor uses unheard-of yet" in told
    assert "there is no CronJob train in this namespace yet" in told


def test_a_good_monitor_is_taken_without_a_word(
    namespace: Any, webhook: Webhook, monitor: dict[str, Any]
) -> None:
    apply(namespace, monitor, until=warned)
    native = {"name": "ks", "backend": "native"}
    window = {"lookback": "7d", "minRows": 200}
    monitor["spec"]["checks"] = [
        {"name": "sureness", "type": "performance", "detector": native, "window": window}
    ]

    answer = apply(namespace, monitor, until=lambda found: found.status_code == 201)

    assert "warning" not in answer.headers


def test_metadata_can_be_changed_whatever_is_wrong_with_the_spec(
    namespace: Any, monitor: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    monitor["spec"]["alerts"] = {"disabled": ["ModelLatencyHgh"]}
    namespace.create("ModelMonitor", monitor)
    request.getfixturevalue("webhook")
    apply(namespace, {**monitor, "metadata": {"name": "second"}}, until=refused)

    namespace.patch("ModelMonitor", "sentiment", {"metadata": {"annotations": {"a": "b"}}})

    with pytest.raises(AssertionError, match="ModelLatencyHgh"):
        namespace.patch("ModelMonitor", "sentiment", {"spec": {"retention": "30d"}})


def test_a_webhook_that_is_down_stops_nobody(
    namespace: Any, webhook: Webhook, monitor: dict[str, Any]
) -> None:
    apply(namespace, monitor, until=warned)
    webhook.stop()

    namespace.create("ModelMonitor", monitor)

    assert namespace.find("ModelMonitor", "sentiment") is not None


def test_what_is_no_review_is_a_bad_request(webhook: Webhook, certificate: tuple[Path, Path]) -> None:
    address = f"https://127.0.0.1:{webhook.port}{PATH}"

    trust = ssl.create_default_context(cafile=certificate[0])
    answer = httpx.post(address, content="[]", verify=trust, trust_env=False)

    assert answer.status_code == 400
