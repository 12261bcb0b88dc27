"""The HTTP server around the application: its socket, TLS by file, and an end that is not an accident."""

from __future__ import annotations

import asyncio
import errno
import logging
import signal
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

import uvicorn

from model_server.collector.app import Collector
from model_server.collector.errors import TlsUnusable
from model_server.collector.settings import PREFIX, CollectorSettings
from model_server.connection import guarded
from model_server.errors import PortInUse

_BACKLOG: Final = 4096
# A slow body gets its own, counted refusal first; this is for slow heads and silent connections.
_LATER: Final = 1.2
# Longer than senders keep idle connections: an event sent just as the server closes one is lost.
_KEEP_ALIVE_S: Final = 125
_TICKS_BETWEEN_LOOKS: Final = 50
logger = logging.getLogger(__name__)


class Certificate:
    """A TLS context whose certificate is loaded again when its file changes; open connections keep theirs."""

    def __init__(self, cert_file: Path, key_file: Path) -> None:
        """Load the files.

        Raises:
            TlsUnusable: they cannot be read or do not belong together.
        """
        self._files = (cert_file, key_file)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._load()
        self._stamp = self._stamp_now()

    def look(self) -> None:
        """Load the files again if they changed; what cannot be used is told and left."""
        stamp = self._stamp_now()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._load()
        except TlsUnusable as error:
            logger.warning("The certificate in use is kept: %s", error)
        else:
            logger.info("The certificate was loaded again.")

    def _load(self) -> None:
        cert_file, key_file = self._files
        try:
            # The pair is tried first, so that a certificate without its key does not replace one with it.
            for context in (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), self.context):
                context.load_cert_chain(cert_file, key_file, password="")  # else OpenSSL asks the terminal
        except OSError as error:
            cause = getattr(error, "reason", None) or error.strerror
            msg = (
                f"the certificate {cert_file} with the key {key_file} cannot be used ({cause}); "
                "name a pair in PEM."
            )
            raise TlsUnusable(msg) from None

    def _stamp_now(self) -> tuple[int, ...]:
        try:
            return tuple(
                number for file in self._files for number in (file.stat().st_mtime_ns, file.stat().st_ino)
            )
        except OSError:
            return ()


class CollectorServer(uvicorn.Server):
    """Uvicorn that ends with exit code 0 after SIGTERM, and looks after its certificate."""

    def __init__(self, config: uvicorn.Config, app: Collector, *, certificate: Certificate | None) -> None:
        super().__init__(config)
        self._app = app
        self._certificate = certificate

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle SIGTERM and SIGINT, and do not raise them again when all is done."""
        before = {
            number: signal.signal(number, self.handle_exit) for number in (signal.SIGTERM, signal.SIGINT)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop."""
        self._app.stopping = True
        super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        """Called ten times a second."""
        if self._certificate and counter % _TICKS_BETWEEN_LOOKS == 0:
            await asyncio.to_thread(self._certificate.look)
        return await super().on_tick(counter)


def serve(app: Collector, settings: CollectorSettings) -> None:
    """Answer until SIGTERM or SIGINT; requests in flight then are finished.

    Raises:
        PortInUse: somebody else listens there, or this address is not ours.
        TlsUnusable: the certificate cannot be used.
    """
    certificate = _certificate(settings)
    listener = _listener(settings)
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=guarded(settings.body_timeout_s * _LATER),
        timeout_keep_alive=_KEEP_ALIVE_S,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        backlog=_BACKLOG,
        timeout_graceful_shutdown=settings.grace_s,
        ssl_context_factory=(lambda _config, _default: certificate.context) if certificate else None,
    )
    server = CollectorServer(config, app, certificate=certificate)
    # uvicorn's own limit would refuse without a count, and refuse probes and scrapes too.
    app.crowded = lambda: len(server.server_state.connections) > settings.max_connections
    host, port = listener.getsockname()[:2]
    logger.info("The collector answers at %s://%s:%d", "https" if certificate else "http", host, port)
    server.run(sockets=[listener])


def _certificate(settings: CollectorSettings) -> Certificate | None:
    if settings.tls_cert_file and settings.tls_key_file:
        return Certificate(settings.tls_cert_file, settings.tls_key_file)
    return None


def _listener(settings: CollectorSettings) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
        # Before anything is said of it: who comes from now on waits for the loop and is not refused.
        listener.listen(_BACKLOG)
    except OSError as error:
        reason = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be opened ({error.strerror})"
        msg = (
            f"port {settings.port} of {settings.host} {reason}; stop what listens there or set "
            f"{PREFIX}PORT to another."
        )
        raise PortInUse(msg) from None
    return listener
