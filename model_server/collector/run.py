"""The collector put together: started so that it fails fast, ended so that nothing is lost."""

from __future__ import annotations

import gc
import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from model_server.collector.app import Collector, Route
from model_server.collector.body import BodyReader
from model_server.collector.endpoints import Endpoints
from model_server.collector.half import EventPolicy
from model_server.collector.inbox import Inbox
from model_server.collector.metrics import CollectorMetrics
from model_server.collector.rate_limit import RateLimit
from model_server.collector.server import serve
from model_server.collector.settings import CollectorSettings
from model_server.collector.sweep import Sweeper
from model_server.collector.tokens import Tokens
from model_server.setting_types import MIB
from modelmonitor.store.settings import LogSettings

# The drain's thread would hold the interpreter for 5 ms at a time, ten times what an answer may take.
_SWITCH_INTERVAL_S: Final = 0.0005
_BATCH_RECORDS: Final = 4_000
_STOP_SWEEP_S: Final = 2.0
logger = logging.getLogger(__name__)


def run(settings: CollectorSettings) -> None:
    """Run until told to stop.

    Raises:
        StartError: tokens, certificate or port cannot be used.
        StoreError: the spool directory cannot.
    """
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    tokens = Tokens(settings.token_file, clock=time.monotonic) if settings.token_file else None
    metrics = CollectorMetrics()
    with opened_inbox(settings, metrics) as inbox:
        app = make_app(inbox, settings, tokens=tokens, metrics=metrics)
        if settings.anonymous and not tokens:
            logger.warning(
                "Labels and alerts are taken from anybody who reaches the port: no token file is set."
            )
        # What is there now stays, so the garbage collector need not look at it again.
        gc.collect()
        gc.freeze()
        serve(app, settings)


def make_app(
    inbox: Inbox, settings: CollectorSettings, *, tokens: Tokens | None, metrics: CollectorMetrics
) -> Collector:
    """The application with its routes."""
    policy = EventPolicy(
        input_text=settings.input,
        max_text_chars=settings.max_text_chars,
        max_bytes=settings.max_event_bytes,
        deployment_ids=settings.deployment_ids,
        deployment_id=settings.deployment_id,
        classes=settings.classes,
    )
    endpoints = Endpoints(inbox, metrics=metrics, policy=policy, max_labels=settings.max_labels)
    events = Route(
        "/",
        endpoints.events,
        settings.max_event_bytes,
        _limit(settings.event_rate),
        tokens if settings.events_need_token else None,
    )
    # A limit of its own each: a storm of labels must not keep alerts out.
    others = {
        path: Route(path, handler, settings.max_feedback_bytes, _limit(settings.feedback_rate), tokens)
        for path, handler in (("/feedback", endpoints.feedback), ("/alerts", endpoints.alerts))
    }
    bodies = BodyReader(max_inflight_bytes=settings.max_inflight_bytes, timeout_s=settings.body_timeout_s)
    return Collector({"/": events, "/events": events, **others}, inbox, bodies=bodies, metrics=metrics)


@contextmanager
def opened_inbox(settings: CollectorSettings, metrics: CollectorMetrics) -> Iterator[Inbox]:
    """The inbox, emptied into PostgreSQL at the end as far as the time allows.

    Raises:
        StoreError: the spool directory cannot be used.
    """
    database_url = settings.database_url.get_secret_value()
    inbox = Inbox(
        LogSettings(
            directory=settings.spool_dir,
            database_url=database_url,
            max_bytes=settings.spool_max_bytes,
            # Small quotas need small files, or drained ones could not be removed in time.
            segment_bytes=min(16 * MIB, settings.spool_max_bytes // 4),
            batch_rows=_BATCH_RECORDS,
        ),
        model_version=settings.model_version,
        observer=metrics,
    )
    sweeper = Sweeper(
        database_url,
        lifetimes=settings.lifetimes,
        interval_s=settings.sweep_interval_s,
        on_orphans=metrics.orphaned,
    )
    inbox.start()
    if database_url:
        sweeper.start()
    try:
        yield inbox
    finally:
        if database_url:
            sweeper.stop(_STOP_SWEEP_S)
        inbox.close(settings.flush_s)


def _limit(rate: float) -> RateLimit | None:
    return RateLimit(rate) if rate else None
