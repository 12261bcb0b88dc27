"""The admission webhook in a thread, registered with a real kube-apiserver for one namespace."""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from controller.desired.webhook_configuration import PATH, webhook_configuration
from controller.handlers.surroundings import Scout
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


@contextmanager
def registered(scout: Scout, *, namespace: Any, certificate: tuple[Path, Path]) -> Iterator[Webhook]:
    """A webhook until the end of the block."""
    crt, key = certificate
    running = start(WebhookSettings(certificate=crt, key=key, host="127.0.0.1", port=0), scout)
    client = {
        "url": f"https://127.0.0.1:{running.port}{PATH}",
        "caBundle": base64.b64encode(crt.read_bytes()).decode(),
    }
    configuration = webhook_configuration(client=client)
    configuration["metadata"]["name"] = namespace.name
    only_here = {"matchLabels": {"kubernetes.io/metadata.name": namespace.name}}
    configuration["webhooks"][0]["namespaceSelector"] = only_here
    namespace.http.post(CONFIGURATIONS, json=configuration).raise_for_status()
    try:
        yield running
    finally:
        namespace.http.delete(f"{CONFIGURATIONS}/{namespace.name}")
        running.stop()


def start(settings: WebhookSettings, scout: Scout) -> Webhook:
    started = threading.Event()
    parts: dict[str, Any] = {}

    async def run() -> None:
        parts["loop"], parts["stop"] = asyncio.get_running_loop(), asyncio.Event()

        def listening(port: int) -> None:
            parts["port"] = port
            started.set()

        await run_webhook(settings, scout=scout, stop=parts["stop"], on_listening=listening)

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
