"""`modelmonitor up` as a real process over a tiny random classifier, and what its users see of it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from modelmonitor.local.addresses import Addresses
from modelmonitor.store.connection import connect

MAIN = (sys.executable, "-c", "from modelmonitor.cli.main import main; main()")
PORTS = ("HTTP", "GRPC", "COLLECTOR", "MLFLOW", "POSTGRES")


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Hugging Face directory: BERT with two layers of 32 units, random weights, two classes."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    directory = tmp_path_factory.mktemp("tiny-model")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "i", "love", "hate", "it", "film", "the", "!"]
    (directory / "vocab.txt").write_text("\n".join(words))
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        id2label={0: "NEGATIVE", 1: "POSITIVE"},
        label2id={"NEGATIVE": 0, "POSITIVE": 1},
    )
    torch.manual_seed(7)
    BertForSequenceClassification(config).save_pretrained(directory)
    BertTokenizerFast(vocab_file=str(directory / "vocab.txt")).save_pretrained(directory)
    return directory


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    """A data directory of one module; not below pytest's own, which PostgreSQL's account cannot enter."""
    with tempfile.TemporaryDirectory(prefix="modelmonitor-up-") as directory:
        yield Path(directory) / "data"


def environment(**settings: object) -> dict[str, str]:
    """The environment of a command: any free ports, and `settings` as MM_LOCAL_*."""
    ours = {f"{name}_PORT": 0 for name in PORTS} | settings
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MM_")}
    local = {f"MM_LOCAL_{name.upper()}": str(value) for name, value in ours.items()}
    return {**inherited, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", **local}


def modelmonitor(*arguments: object, **settings: object) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    command = [*MAIN, *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment(**settings), timeout=200, check=False
    )


class Up:
    """A running `modelmonitor up`."""

    def __init__(self, process: subprocess.Popen[bytes], data_dir: Path, output: Path) -> None:
        self.process = process
        self.data_dir = data_dir
        self._output = output

    def said(self) -> str:
        return self._output.read_text()

    def wait_until_it_says(self, words: str, *, times: int = 1) -> None:
        wait_until(
            lambda: self.said().count(words) >= times or self.process.poll() is not None, why=self.said
        )
        assert self.said().count(words) >= times, self.said()

    @property
    def addresses(self) -> Addresses:
        return Addresses.read(self.data_dir)

    def predict(self, text: str = "i love it !") -> str:
        answer = httpx.post(f"{self.addresses.predictor_url}/predict", json={"text": text}, timeout=60)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["prediction_id"])

    def logged(self) -> set[str]:
        url = self.addresses.database_url.get_secret_value()
        with closing(connect(url, application_name="tests")) as conn, conn.cursor() as cursor:
            cursor.execute("SELECT prediction_id::text FROM prediction_logs")
            return {row[0] for row in cursor.fetchall()}

    def references(self) -> set[tuple[str, int]]:
        url = self.addresses.database_url.get_secret_value()
        with closing(connect(url, application_name="tests")) as conn, conn.cursor() as cursor:
            cursor.execute("SELECT name, version FROM drift_references")
            return set(cursor.fetchall())

    def label(self, prediction_id: str, label: str) -> None:
        body = {"prediction_id": prediction_id, "label": label}
        answer = httpx.post(f"{self.addresses.collector_url}/feedback", json=body, timeout=60)
        assert answer.status_code == 202, answer.text

    def labelled(self) -> dict[str, str]:
        url = self.addresses.database_url.get_secret_value()
        with closing(connect(url, application_name="tests")) as conn, conn.cursor() as cursor:
            cursor.execute(
                "SELECT prediction_id::text, label FROM prediction_logs JOIN feedback USING (prediction_id)"
            )
            return dict(cursor.fetchall())

    def children(self) -> dict[str, psutil.Process]:
        """The four processes that the supervisor started."""
        marks = {
            "PostgreSQL": "bin/postgres",
            "MLflow": "mlflow",
            "predictor": "model_server",
            "collector": "model_server.collector",
        }
        started = psutil.Process(self.process.pid).children()
        return {
            name: child
            for child in started
            for name, mark in marks.items()
            if any(part.endswith(mark) for part in child.cmdline()[:3])
        }

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def send(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


Start = Callable[..., Up]


@contextmanager
def starting(tiny_model: Path, data_dir: Path) -> Iterator[Start]:
    """Start `up`; whatever still runs at the end is stopped."""
    started: list[Up] = []

    def start(*options: object, **settings: object) -> Up:
        output = data_dir.parent / f"up-{len(started)}.txt"
        command = [*MAIN, "up", "--model", str(tiny_model), "--data-dir", str(data_dir), *map(str, options)]
        with output.open("wb") as stream:
            process = subprocess.Popen(command, env=environment(**settings), stdout=stream, stderr=stream)
        started.append(Up(process, data_dir, output))
        started[-1].wait_until_it_says("Press Ctrl-C to stop.")
        return started[-1]

    try:
        yield start
    finally:
        for up in started:
            up.process.terminate()
            up.process.wait(60)


def wait_until(condition: Callable[[], object], *, seconds: float = 200, why: Callable[[], object]) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, why()
        time.sleep(0.1)


@contextmanager
def taken_port() -> Iterator[int]:
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield int(other.getsockname()[1])


def survivors(family: list[psutil.Process], *, seconds: float) -> list[psutil.Process]:
    """Processes that still run after `seconds`; one that nobody has reaped yet does not run."""
    deadline = time.monotonic() + seconds
    while (alive := [each for each in family if _runs(each)]) and time.monotonic() < deadline:
        time.sleep(0.1)
    return alive


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
