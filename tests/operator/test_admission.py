"""The admission webhook over TLS, called by a real kube-apiserver as a configuration tells it."""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from controller.desired.webhook_configuration import PATH, webhook_configuration
from controller.handlers.surroundings import Scout, connect
from controller.handlers.webhook import run_webhook
from controller.settings import WebhookSettings

CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"


@dataclass
class Webhook:
    """A webhook in a thread."""

    loop: asyncio.AbstractEventLoop
    stop_event: asyncio.Event
    thread: threading.Thread
    port: int

    def stop(self) -> None:
        if self.thread.is_alive():
            self.loop.call_soon_threadsafe(self.stop_event.set)
            self.thread.join(timeout=30)
        assert not self.thread.is_alive(), "it does not stop"


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """Certificate for 127.0.0.1, signed by itself, and its key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "webhook")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = (
        builder.serial_number(1).not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(1))
    )
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    signed = builder.add_extension(alternative, critical=False).sign(key, hashes.SHA256())
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    crt, pem = tmp_path / "tls.crt", tmp_path / "tls.key"
    crt.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    pem.write_bytes(key.private_bytes(serialization.Encoding.PEM, *form))
    return crt, pem


@pytest.fixture
def webhook(
    namespace: Any, kubeconfig: Path, certificate: tuple[Path, Path], outside: str
) -> Iterator[Webhook]:
    """A webhook that this namespace's monitors are shown to."""
    crt, key = certificate
    settings = WebhookSettings(certificate=crt, key=key, host="127.0.0.1", port=0)
    running = start(settings, Scout(connect(), prometheus_url=outside, mlflow_uri=outside))
    client = {
        "url": f"https://127.0.0.1:{running.port}{PATH}",
        "caBundle": base64.b64encode(crt.read_bytes()).decode(),
    }
    configuration = webhook_configuration(client=client)
    configuration["metadata"]["name"] = namespace.name
    only_here = {"matchLabels": {"kubernetes.io/metadata.name": namespace.name}}
    configuration["webhooks"][0]["namespaceSelector"] = only_here
    namespace.http.post(CONFIGURATIONS, json=configuration).raise_for_status()
    yield running
    namespace.http.delete(f"{CONFIGURATIONS}/{namespace.name}")
    running.stop()


@pytest.fixture
def outside() -> Iterator[str]:
    """Address of an HTTP server that answers as Prometheus (48 predictions a day) and as MLflow (nothing)."""

    async def query(_: web.Request) -> web.Response:
        return web.json_response({"data": {"result": [{"metric": {}, "value": [1, "48"]}]}})

    async def alias(_: web.Request) -> web.Response:
        return web.json_response({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "none"}, status=404)

    async def serve(stop: asyncio.Event, listening: Callable[[int], None]) -> None:
        app = web.Application()
        path = "/api/2.0/mlflow/registered-models/alias"
        app.add_routes([web.get("/api/v1/query", query), web.get(path, alias)])
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        listening(runner.addresses[0][1])
        await stop.wait()
        await runner.cleanup()

    server = in_thread(serve)
    yield f"http://127.0.0.1:{server.port}"
    server.stop()


def start(settings: WebhookSettings, scout: Scout) -> Webhook:
    return in_thread(
        lambda stop, listening: run_webhook(settings, scout=scout, stop=stop, on_listening=listening)
    )


def in_thread(main: Callable[[asyncio.Event, Callable[[int], None]], Any]) -> Webhook:
    started = threading.Event()
    parts: dict[str, Any] = {}

    async def run() -> None:
        parts["loop"], parts["stop"] = asyncio.get_running_loop(), asyncio.Event()

        def listening(port: int) -> None:
            parts["port"] = port
            started.set()

        await main(parts["stop"], listening)

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    assert started.wait(30)
    return Webhook(parts["loop"], parts["stop"], thread, parts["port"])


def apply(
    namespace: Any, monitor: dict[str, Any], *, until: Callable[[httpx.Response], bool]
) -> httpx.Response:
    """Create without keeping; a new configuration takes the API server a moment to notice."""

    def answer() -> httpx.Response | None:
        found = namespace.http.post(namespace.path("ModelMonitor"), json=monitor, params={"dryRun": "All"})
        return found if until(found) else None

    return namespace.wait(answer, why="the API server asks the webhook")


def refused(answer: httpx.Response) -> bool:
    return answer.status_code == 422 and "denied the request" in answer.text


def warned(answer: httpx.Response) -> bool:
    return "warning" in answer.headers


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
