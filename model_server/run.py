"""Starting in the order in which things fail fast, and ending without losing a row."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from model_server.checkpoint import locate
from model_server.cores import share_cores
from model_server.metrics import ServerMetrics
from model_server.ports import check_free
from model_server.prediction_log import Log, NoLog
from model_server.settings import ServerSettings
from modelmonitor.store.log import LogSettings, PredictionLog

SEGMENT_BYTES = 16 * 1024 * 1024


def run(settings: ServerSettings) -> None:
    """Run the server until it is told to stop.

    Raises:
        StartError: the model or a port is not to be had.
        StoreError: the spool directory is not.
    """
    share_cores(os.environ)
    check_free(settings.host, settings.http_port, setting="MM_SERVER_HTTP_PORT")
    check_free(settings.host, settings.grpc_port, setting="MM_SERVER_GRPC_PORT")
    found = locate(
        settings.model_uri, tracking_uri=settings.mlflow_tracking_uri, cache_dir=settings.model_cache_dir
    )
    metrics = ServerMetrics()
    # The log opens first: rows that an earlier process left reach PostgreSQL while the model is loaded.
    with opened_log(settings, metrics) as log:
        # torch and kserve take seconds to import: what is wrong with ports, model or spool is said before.
        from model_server.app import serve

        serve(settings, found, metrics=metrics, log=log)


@contextmanager
def opened_log(settings: ServerSettings, metrics: ServerMetrics) -> Iterator[Log]:
    """The prediction log, emptied into PostgreSQL at the end as far as the time allows.

    Raises:
        StoreError: the spool directory cannot be used.
    """
    if settings.log == "off":
        yield NoLog()
        return
    log = PredictionLog(
        LogSettings(
            directory=settings.spool_dir,
            database_url=settings.database_url.get_secret_value(),
            max_bytes=settings.spool_max_bytes,
            # Small quotas need small files, or drained rows could not be removed in time.
            segment_bytes=min(SEGMENT_BYTES, settings.spool_max_bytes // 4),
        ),
        on_event=metrics,
    )
    log.start()
    try:
        yield log
    finally:
        log.close(settings.flush_s)
