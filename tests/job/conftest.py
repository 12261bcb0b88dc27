"""A made-up service: reviews in one vocabulary, chatter in another, written to a real PostgreSQL."""

from __future__ import annotations

import base64
import json
import socket
import threading
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from psycopg2.extras import Json, execute_values

from modelmonitor.api.load import load_monitor
from modelmonitor.job.plan import plan_run
from modelmonitor.sample import Sample
from modelmonitor.store.connection import connect
from modelmonitor.store.records import new_prediction_id
from modelmonitor.store.references import NEXT_VERSION, Reference, save_reference

NOW = datetime(2026, 11, 23, 2, 7, tzinfo=UTC)
CLASSES = ("NEGATIVE", "POSITIVE")
REVIEWS = ["film", "movie", "plot", "actor", "scene", "slow", "brilliant", "dull", "director", "script"]
CHATTER = ["lol", "today", "phone", "weekend", "coffee", "omg", "monday", "friend", "game", "train"]
MONITOR = """\
apiVersion: modelmonitor.io/v1alpha1
kind: ModelMonitor
metadata: {{name: sentiment, namespace: ml}}
spec:
  target: {{inferenceService: sentiment}}
  reference: {{dataset: movie-reviews}}
  privacy: {{input: {privacy}}}
  checks:
    - {{name: data, type: data, detector: {{name: mmd, backend: native}}}}
    - {{name: concept, type: concept, detector: {{name: chi-square, backend: native}}}}
    - {{name: performance, type: performance, detector: {{name: ks, backend: native}}}}
"""


def draw(
    n,
    *,
    seed,
    vocabulary=REVIEWS,
    shift=0.0,
    sureness=9.0,
    positive=0.5,
    labelled=True,
    accuracy=0.88,
    end=NOW,
    seconds=86_000,
):
    """A sample of n rows in the seconds before `end`: texts of the vocabulary, embeddings around `shift`,
    confidence by `sureness`.
    """
    rng = np.random.default_rng(seed)
    top = np.clip(0.5 + 0.5 * rng.beta(sureness, 2.0, n), 0.5, 0.9999)
    predicted = (rng.random(n) < positive).astype(int)
    probabilities = np.where(predicted[:, None] == np.arange(2), top[:, None], 1 - top[:, None])
    right = rng.random(n) < accuracy
    ages = rng.integers(1, seconds, n) * np.timedelta64(1, "s")
    moments = np.datetime64(end.replace(tzinfo=None), "us") - ages
    return Sample(
        classes=CLASSES,
        prediction_ids=tuple(str(new_prediction_id()) for _ in range(n)),
        texts=tuple(" ".join(rng.choice(vocabulary, size=8)) for _ in range(n)),
        probabilities=probabilities.astype(np.float32),
        embeddings=(rng.normal(size=(n, 12)) + shift).astype(np.float32),
        predicted_at=np.sort(moments).astype("datetime64[us]"),
        labels=np.where(right, predicted, 1 - predicted) if labelled else np.full(n, -1, dtype=np.int64),
    )


def log_predictions(database_url, sample, *, version="7", keep_text=True, deployment="sentiment"):
    """Write a sample to prediction_logs as the predictor would."""
    rows = [
        (
            sample.prediction_ids[i],
            sample.predicted_at[i].item().replace(tzinfo=UTC),
            deployment,
            "sentiment",
            version,
            "predict",
            CLASSES[sample.predicted[i]],
            sample.texts[i] if keep_text else None,
            float(sample.confidence[i]),
            [float(value) for value in sample.probabilities[i]],
            sample.embeddings[i].astype("<f2").tobytes(),
            12.0,
            Json(dict(sample.segments[i]) if sample.segments else {}),
        )
        for i in range(len(sample))
    ]
    with closing(connect(database_url, application_name="tests")) as conn, conn, conn.cursor() as cursor:
        execute_values(
            cursor,
            "INSERT INTO prediction_logs (prediction_id, predicted_at, deployment_id, model_name, "
            "model_version, source, predicted_sentiment, input_text, confidence_score, probabilities, "
            "embedding, latency_ms, segment) VALUES %s",
            rows,
        )


def store_reference(database_url, sample, *, version="7"):
    """Save a sample as the reference movie-reviews."""
    reference = Reference(
        name="movie-reviews",
        version=NEXT_VERSION,
        model_name="sentiment",
        model_version=version,
        created_at=NOW - timedelta(days=1),
        origin="made up for tests",
        sample=sample,
    )
    with closing(connect(database_url, application_name="tests")) as conn:
        return save_reference(conn, reference)


def monitor_text(privacy="store", *, more=""):
    return MONITOR.format(privacy=privacy) + more


def make_plan(privacy="store", **options):
    return plan_run(load_monitor(monitor_text(privacy), source="test"), **options)


def hourly_plan(**options):
    """Every hour on the last 24, two quick checks."""
    text = MONITOR.format(privacy="store").split("  checks:")[0]
    checks = [
        f"    - {{name: {name}, type: {name}, schedule: '7 * * * *', "
        f"detector: {{name: {test}, backend: native}}}}"
        for name, test in (("concept", "chi-square"), ("performance", "ks"))
    ]
    return plan_run(load_monitor("\n".join([f"{text}  checks:", *checks, ""]), source="test"), **options)


def large_plan(**options):
    """Tests of every row, of up to 100,000 in a window; each part of it for the concept."""
    text = MONITOR.format(privacy="store").split("  checks:")[0]
    checks = [
        f"    - {{name: {name}, type: {name}, schedule: '{schedule}', window: {{maxRows: 100000}}, "
        f"detector: {{name: {test}, backend: native}}}}"
        for name, test, schedule in (
            ("data", "mmd-fourier", "7 2 * * *"),
            ("concept", "chi-square", "7 * * * *"),
            ("performance", "ks", "7 2 * * *"),
        )
    ]
    return plan_run(load_monitor("\n".join([f"{text}  checks:", *checks, ""]), source="test"), **options)


def in_channels(parts):
    """One sample of several, each with the value of its channel."""
    samples = list(parts.values())
    joined = {
        name: np.concatenate([getattr(sample, name) for sample in samples])
        for name in ("probabilities", "embeddings", "predicted_at", "labels")
    }
    return Sample(
        classes=CLASSES,
        prediction_ids=tuple(each for sample in samples for each in sample.prediction_ids),
        texts=tuple(each for sample in samples for each in sample.texts),
        segments=tuple({"channel": channel} for channel, sample in parts.items() for _ in range(len(sample))),
        **joined,
    )


class World:
    """The helpers above under one name, since fixtures are how tests of this layout share code."""

    NOW = NOW
    CHATTER = CHATTER
    draw = staticmethod(draw)
    log = staticmethod(log_predictions)
    reference = staticmethod(store_reference)
    monitor_text = staticmethod(monitor_text)
    plan = staticmethod(make_plan)
    hourly_plan = staticmethod(hourly_plan)
    in_channels = staticmethod(in_channels)
    large_plan = staticmethod(large_plan)

    @staticmethod
    def plan_with(reference, *, only="concept"):
        """The plan with another `spec.reference`, written as JSON."""
        text = monitor_text().replace(
            "reference: {dataset: movie-reviews}", f"reference: {json.dumps(reference)}"
        )
        return plan_run(load_monitor(text, source="test"), only=only)

    @staticmethod
    def tweets(n=600, *, seed=3, **changes):
        """Chatter: other words, other embeddings, less confidence."""
        given = {"vocabulary": CHATTER, "shift": 0.8, "sureness": 3.0, "positive": 0.7, "labelled": False}
        return draw(n, seed=seed, **{**given, **changes})


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def unused_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


SCORE_TOKEN = "a-token"


@dataclass
class Predictor:
    """`POST /reference/score` of the contract: longer texts are more positive.

    Attributes:
        version: that it serves.
        busy: so many requests are answered with 503.
        requests: texts of each request that was scored.
    """

    url: str = ""
    version: str = "7"
    busy: int = 0
    requests: list[int] = field(default_factory=list)
    token: str = SCORE_TOKEN

    def answer(self, path, token, body):
        if path != "/reference/score":
            return 404, {"error": "no such route"}
        if token != f"Bearer {self.token}":
            return 401, {"error": "no"}
        if self.busy:
            self.busy -= 1
            return 503, {"error": "busy"}
        texts = json.loads(body)["texts"]
        self.requests.append(len(texts))
        return 200, {
            "classes": list(CLASSES),
            "model_name": "sentiment",
            "model_version": self.version,
            "rows": [self.row(text) for text in texts],
        }

    @staticmethod
    def row(text):
        positive = min(0.99, len(text) / 100)
        embedding = np.random.default_rng(len(text)).normal(size=12).astype("<f2")
        return {
            "probabilities": [1 - positive, positive],
            "embedding": base64.b64encode(embedding.tobytes()).decode(),
        }


@pytest.fixture
def predictor():
    """A predictor that is asked over HTTP."""
    state = Predictor()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, answer = state.answer(self.path, self.headers["Authorization"], body)
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    yield state
    server.shutdown()
    server.server_close()
