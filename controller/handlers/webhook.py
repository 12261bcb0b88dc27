"""The admission webhook as a process: HTTPS, one path, an answer while the API server still waits."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol

from aiohttp import web

from controller.desired.admission import Surroundings, refusals, warnings
from controller.desired.webhook_configuration import PATH
from controller.handlers.http import serve
from controller.reading import read
from controller.settings import WEBHOOK_PREFIX, WebhookSettings
from modelmonitor.api.v1alpha1 import ModelMonitor

_LOG = logging.getLogger("controller.webhook")
_LARGEST_BODY: Final = 4 * 2**20
_WARNING_LIMIT: Final = 1000


class UnreadableCertificate(Exception):
    """Correct MM_WEBHOOK_CERTIFICATE and MM_WEBHOOK_KEY, or the files that they name."""


class Looking(Protocol):
    """Whoever knows what is around a monitor."""

    async def look(self, monitor: ModelMonitor) -> Surroundings:
        """What is around it."""


async def run_webhook(
    settings: WebhookSettings,
    *,
    scout: Looking,
    stop: asyncio.Event,
    on_listening: Callable[[int], None] = lambda _: None,
) -> None:
    """Answer until `stop` is set.

    Args:
        settings: of the webhook.
        scout: knows what is around a monitor.
        stop: ends it; requests in flight are answered.
        on_listening: is told the port.

    Raises:
        UnreadableCertificate: certificate or key cannot be used.
        CannotListen: the port cannot be had.
    """
    trust = _context(settings)
    runner = await serve(
        application(scout), host=settings.host, port=settings.port, setting=WEBHOOK_PREFIX, trust=trust
    )
    try:
        on_listening(runner.addresses[0][1])
        renewing = asyncio.create_task(_renew(trust, settings))
        await stop.wait()
        renewing.cancel()
    finally:
        await runner.cleanup()


def application(scout: Looking) -> web.Application:
    """The HTTP application."""

    async def validate(request: web.Request) -> web.Response:
        try:
            review = await request.json()
            asked = review["request"]
            uid = str(asked["uid"])
        except (ValueError, TypeError, KeyError):
            return web.Response(status=400, text="This is no AdmissionReview of admission.k8s.io/v1.\n")
        response = await answer(asked, scout=scout, now=datetime.now(UTC))
        return web.json_response(
            {
                "apiVersion": "admission.k8s.io/v1",
                "kind": "AdmissionReview",
                "response": {"uid": uid, **response},
            }
        )

    async def healthz(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    app = web.Application(client_max_size=_LARGEST_BODY)
    app.add_routes([web.post(PATH, validate), web.get("/healthz", healthz)])
    return app


async def answer(asked: Mapping[str, Any], *, scout: Looking, now: datetime) -> dict[str, Any]:
    """Whether a monitor is taken, with sentences.

    Args:
        asked: `request` of an AdmissionReview.
        scout: knows what is around a monitor.
        now: the present, UTC.
    """
    body = asked.get("object") or {}
    if _is_untouched(asked):
        return {"allowed": True}
    reading = read(_named(body, asked))
    if reading.monitor is None:
        return _denied(reading.problems)
    seen = await scout.look(reading.monitor)
    problems = refusals(reading.monitor, seen)
    if problems:
        return _denied(problems)
    told = [sentence[:_WARNING_LIMIT] for sentence in warnings(reading.monitor, seen, now=now)]
    return {"allowed": True, **({"warnings": told} if told else {})}


def _is_untouched(asked: Mapping[str, Any]) -> bool:
    # Annotations, labels and finalizers of a monitor must be changeable whatever is wrong with its spec.
    before, after = asked.get("oldObject") or {}, asked.get("object") or {}
    return asked.get("operation") == "UPDATE" and before.get("spec") == after.get("spec")


def _named(body: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {"namespace": asked.get("namespace"), **body.get("metadata", {})}
    # With generateName there is no name yet, and every name is as good.
    return {**body, "metadata": {**metadata, "name": metadata.get("name") or "unnamed"}}


def _denied(problems: tuple[str, ...]) -> dict[str, Any]:
    _LOG.info("refused", extra={"problems": list(problems)})
    return {"allowed": False, "status": {"code": 422, "reason": "Invalid", "message": " ".join(problems)}}


def _context(settings: WebhookSettings) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _load(context, settings)
    return context


def _load(context: ssl.SSLContext, settings: WebhookSettings) -> None:
    try:
        context.load_cert_chain(settings.certificate, settings.key)
    except (OSError, ssl.SSLError) as error:
        raise UnreadableCertificate(
            f"The certificate {settings.certificate} and key {settings.key} cannot be used: {error}."
        ) from None


async def _renew(context: ssl.SSLContext, settings: WebhookSettings) -> None:
    """Load certificate and key again when their files change: connections from then on get the new one."""
    seen = _changed_at(settings.certificate)
    while True:
        await asyncio.sleep(settings.renew_s)
        if _changed_at(settings.certificate) != seen:
            try:
                _load(context, settings)
            except UnreadableCertificate as error:
                _LOG.warning("certificate_not_renewed", extra={"error": str(error)})
            else:
                seen = _changed_at(settings.certificate)
                _LOG.info("certificate_renewed")


def _changed_at(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
