"""A real predictor process over a tiny random classifier, and what tests need to talk to it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from modelmonitor.local.postgres import EmbeddedPostgres
from modelmonitor.store.connection import connect
from modelmonitor.store.schema import migrate

WORDS = (
    "this",
    "is",
    "amazing",
    "terrible",
    "good",
    "bad",
    "film",
    "love",
    "hate",
    "the",
    "a",
    "i",
    "it",
    "!",
    ".",
)
TOKEN = "score-token"


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Hugging Face directory: BERT with two layers of 32 units, random weights, three classes."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    directory = tmp_path_factory.mktemp("tiny-model")
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    vocabulary = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *WORDS,
        *letters,
        *(f"##{c}" for c in letters),
    ]
    (directory / "vocab.txt").write_text("\n".join(dict.fromkeys(vocabulary)))
    names = ("NEGATIVE", "NEUTRAL", "POSITIVE")
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=128,
        id2label=dict(enumerate(names)),
        label2id={name: i for i, name in enumerate(names)},
    )
    torch.manual_seed(7)
    model = BertForSequenceClassification(config)
    # Larger weights than at the start of training, so that different texts get different labels.
    torch.nn.init.normal_(model.classifier.weight, std=1.5)
    model.save_pretrained(directory)
    BertTokenizerFast(vocab_file=str(directory / "vocab.txt")).save_pretrained(directory)
    return directory


@dataclass
class Server:
    """A running `python -m model_server`."""

    process: subprocess.Popen[bytes]
    http_port: int
    grpc_port: int
    stderr: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def grpc(self) -> str:
        return f"127.0.0.1:{self.grpc_port}"

    def client(self, **options: Any) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=60, **options)

    def log(self) -> str:
        return self.stderr.read_text()

    def wait_until_ready(self, seconds: float = 400) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                pytest.fail(f"the server ended with {self.process.returncode}:\n{self.log()}")
            try:
                if httpx.get(f"{self.url}/v2/health/ready", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        pytest.fail(f"the server was not ready in time:\n{self.log()}")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(60)

    def terminate(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def metrics(self) -> dict[str, float]:
        lines = httpx.get(f"{self.url}/metrics", timeout=60).text.splitlines()
        return {
            name: float(value)
            for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")
        }


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


Start = Callable[..., Server]


def _starter(tiny_model: Path, directory: Path, servers: list[Server]) -> Start:
    def start(*, ready: bool = True, **settings: object) -> Server:
        http_port, grpc_port = free_port(), free_port()
        stderr = directory / f"{uuid.uuid4().hex}.log"
        defaults = {
            "model_uri": tiny_model,
            "http_port": http_port,
            "grpc_port": grpc_port,
            "spool_dir": directory / uuid.uuid4().hex,
            "torch_threads": 1,
            "model_cache_dir": tiny_model.parent / "model-cache",
        }
        chosen = {f"MM_SERVER_{name.upper()}": str(value) for name, value in (defaults | settings).items()}
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("MM_SERVER_", "KSERVE_"))
        }
        with stderr.open("wb") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", "model_server"],
                env={**inherited, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", **chosen},
                stdout=stream,
                stderr=stream,
            )
        server = Server(
            process, int(chosen["MM_SERVER_HTTP_PORT"]), int(chosen["MM_SERVER_GRPC_PORT"]), stderr
        )
        servers.append(server)
        if ready:
            server.wait_until_ready()
        return server

    return start


@pytest.fixture
def start_server(tiny_model: Path, tmp_path: Path) -> Iterator[Start]:
    """Start predictors with given settings (names without prefix); they end with the test."""
    servers: list[Server] = []
    yield _starter(tiny_model, tmp_path, servers)
    for server in servers:
        server.kill()


@pytest.fixture(scope="session")
def shared_database(postgres: EmbeddedPostgres) -> str:
    """URL of the database behind `server`."""
    url = postgres.create_database("serving")
    migrate(url)
    return url


@pytest.fixture(scope="session")
def server(
    tiny_model: Path, shared_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """One predictor for all tests that only ask it things."""
    servers: list[Server] = []
    start = _starter(tiny_model, tmp_path_factory.mktemp("server"), servers)
    yield start(
        database_url=shared_database,
        score_token=TOKEN,
        max_text_chars=1000,
        max_request_texts=8,
        model_version="7",
    )
    for running in servers:
        running.terminate()


@pytest.fixture(scope="session")
def wide_server(
    tiny_model: Path, shared_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A predictor with wide limits that runs one text at a time, on 127.0.0.1 alone."""
    servers: list[Server] = []
    yield _starter(tiny_model, tmp_path_factory.mktemp("wide"), servers)(
        database_url=shared_database,
        host="127.0.0.1",
        max_text_chars=3_000_000,
        max_queued_texts=20_000,
        max_queued_tokens=100_000_000,
        max_batch_texts=1,
    )
    for running in servers:
        running.terminate()


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    """An HTTP client of `server`."""
    with server.client() as http:
        yield http


Rows = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def rows_in() -> Rows:
    """Rows of prediction_logs with the given ids, waiting until that many are there."""

    def rows(url: str, ids: list[str], *, seconds: float = 60) -> list[dict[str, Any]]:
        deadline = time.monotonic() + seconds
        while True:
            found = _select(url, ids)
            if len(found) >= len(set(ids)) or time.monotonic() > deadline:
                return found
            time.sleep(0.1)

    return rows


def _select(url: str, ids: list[str]) -> list[dict[str, Any]]:
    with closing(connect(url, application_name="tests")) as conn, conn.cursor() as cursor:
        cursor.execute("SELECT * FROM prediction_logs WHERE prediction_id = ANY(%s::uuid[])", (ids,))
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
