"""The supervisor: PostgreSQL, MLflow, predictor and collector on one machine, in order."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from pydantic import SecretStr

from modelmonitor.local.addresses import Addresses
from modelmonitor.local.collector import Collector
from modelmonitor.local.errors import LocalError
from modelmonitor.local.lock import held
from modelmonitor.local.mlflow import MlflowServer
from modelmonitor.local.ports import Port, free_port
from modelmonitor.local.postgres import EmbeddedPostgres
from modelmonitor.local.predictor import Predictor
from modelmonitor.local.restarts import Service
from modelmonitor.local.settings import LocalSettings
from modelmonitor.store.schema import migrate

DATABASE = "ml_pipeline"


class DataDirectoryUnusable(LocalError):
    """The data directory cannot be made or written to."""


class _Process(Protocol):
    log: Path

    @property
    def pid(self) -> int | None: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...


class Stack:
    """One local system in one data directory; leave the context and everything it started has stopped.

    Args:
        settings: folder, ports and patience.
        say: told each step in one line of plain text.

    Attributes:
        services: what was started so far, in that order.
    """

    def __init__(self, settings: LocalSettings, *, say: Callable[[str], object]) -> None:
        self.settings = settings
        self._say = say
        self._running = ExitStack()
        self._score_token = secrets.token_urlsafe(24)
        self._addresses: Addresses | None = None
        self.services: tuple[Service, ...] = ()
        self.database_url = ""
        self.mlflow_url = ""

    def __enter__(self) -> Self:
        try:
            self._running.enter_context(held(self.settings.data_dir))
        except OSError as error:
            msg = (
                f"{self.settings.data_dir} cannot hold the data: {error.strerror}; "
                "choose a folder that you may write to with --data-dir"
            )
            raise DataDirectoryUnusable(msg) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.close()

    @property
    def addresses(self) -> Addresses:
        """Where everything can be reached; complete once the predictor has started."""
        if self._addresses is None:
            msg = "the stack has no addresses before start_predictor()"
            raise RuntimeError(msg)
        return self._addresses

    def start_storage(self) -> None:
        """PostgreSQL with an up-to-date schema, and MLflow.

        Raises:
            ProcessFailed: one of them ended or did not answer; the message holds the end of its log.
        """
        self._start_postgres()
        self._start_mlflow()

    def start_predictor(
        self, *, model_uri: str, model_name: str, deployment_id: str, input_text: str = "store"
    ) -> None:
        """Serve `model_uri` and collect labels for it, and write the addresses for the other commands.

        Args:
            model_uri: a folder, an MLflow `models:/` address or a Hugging Face id.
            model_name: name in paths, metrics and rows.
            deployment_id: whose predictions the rows are.
            input_text: what is logged of a text: store, hash or drop.

        Raises:
            ProcessFailed: it ended or did not answer; the message holds the end of its log.
        """
        http = self._port("predictor", self.settings.http_port)
        grpc = self._port("gRPC", self.settings.grpc_port, besides=http)
        settings = {
            "MM_SERVER_MODEL_URI": model_uri,
            "MM_SERVER_MODEL_NAME": model_name,
            "MM_SERVER_DEPLOYMENT_ID": deployment_id,
            "MM_SERVER_INPUT_TEXT": input_text,
            "MM_SERVER_SPOOL_DIR": str((self.settings.data_dir / "spool").resolve()),
            "MM_SERVER_DATABASE_URL": self.database_url,
            "MM_SERVER_SCORE_TOKEN": self._score_token,
            "MLFLOW_TRACKING_URI": self.mlflow_url,
        }
        predictor = Predictor(
            self.environment(settings),
            http_port=http,
            grpc_port=grpc,
            log=self.settings.logs / "predictor.log",
            start_s=self.settings.predictor_start_s,
        )
        self._supervise("predictor", predictor)
        self._publish(predictor, self._start_collector(input_text))

    def environment(self, extra: Mapping[str, str]) -> dict[str, str]:
        """The environment of a child: ours without settings of other ModelMonitor processes, and `extra`."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("MM_")}
        return {**inherited, **extra}

    def _start_postgres(self) -> None:
        port = self._port("PostgreSQL", self.settings.postgres_port)
        postgres = EmbeddedPostgres(self.settings.data_dir / "postgres", port=port)
        self._supervise("PostgreSQL server", postgres)
        self.database_url = postgres.create_database(DATABASE)
        migrate(self.database_url)

    def _start_mlflow(self) -> None:
        port = self._port("MLflow", self.settings.mlflow_port)
        server = MlflowServer(
            self.settings.data_dir / "mlflow", port=port, start_s=self.settings.mlflow_start_s
        )
        self._supervise("MLflow server", server)
        self.mlflow_url = server.url

    def _start_collector(self, input_text: str) -> Collector:
        settings = {
            "MM_COLLECTOR_INPUT": input_text,
            "MM_COLLECTOR_SPOOL_DIR": str((self.settings.data_dir / "collector").resolve()),
            "MM_COLLECTOR_DATABASE_URL": self.database_url,
        }
        collector = Collector(
            self.environment(settings),
            port=self._port("collector", self.settings.collector_port),
            log=self.settings.logs / "collector.log",
            start_s=self.settings.collector_start_s,
        )
        self._supervise("collector", collector)
        return collector

    def _supervise(self, name: str, process: _Process) -> None:
        self._running.callback(process.stop)
        process.start()
        service = Service(
            name=name, log=process.log, pid=lambda: process.pid, start=process.start, stop=process.stop
        )
        self.services = (*self.services, service)

    def _publish(self, predictor: Predictor, collector: Collector) -> None:
        self._addresses = Addresses(
            predictor_url=predictor.url,
            grpc_address=predictor.grpc_address,
            collector_url=collector.url,
            mlflow_url=self.mlflow_url,
            database_url=SecretStr(self.database_url),
            score_token=SecretStr(self._score_token),
        )
        self._running.callback(Addresses.forget, self.settings.data_dir)
        self._addresses.write(self.settings.data_dir)

    def _port(self, what: str, preferred: int, *, besides: int = 0) -> int:
        # A port promised to the predictor is as good as taken, though it does not listen there yet.
        promised = preferred == besides != 0
        port = Port(free_port(0).number, preferred) if promised else free_port(preferred)
        if port.moved:
            holder = "the predictor" if promised else "another program"
            self._say(f"port {preferred} is in use by {holder}: {what} takes {port.number} instead")
        return port.number
