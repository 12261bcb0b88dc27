"""The server itself: model, forward thread and protocols put together, run until told to stop."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from kserve.model_server import app as kserve_app

from model_server.admission import TextLimits
from model_server.batch_plan import BatchLimits
from model_server.checkpoint import Checkpoint
from model_server.classifier import Classifier
from model_server.cores import allowed_cores
from model_server.engine import ForwardEngine, Recorder, RowPolicy
from model_server.limits import batch_limits, queue_limits
from model_server.listening import Listening, Server
from model_server.loading import load_model
from model_server.metrics import ServerMetrics
from model_server.prediction_log import Log
from model_server.predictor import Predictor, ServedModel
from model_server.prepared import PreparedModel
from model_server.protocols.routes import add_routes
from model_server.settings import ServerSettings

logger = logging.getLogger(__name__)

WARM_UP = "This is absolutely amazing! I love it!"


def serve(
    settings: ServerSettings, found: Checkpoint | PreparedModel, *, metrics: ServerMetrics, log: Log
) -> None:
    """Load the model and answer until SIGTERM or SIGINT; what is in flight then is finished.

    Raises:
        ModelUnusable: the model cannot be run as a classifier.
    """
    classifier = load_classifier(settings, found)
    model = ServedModel(settings.model_name, settings.model_version or classifier.version, classifier.classes)
    metrics.model_is(
        name=model.name, version=model.version, classes=model.classes, deployment=settings.deployment
    )
    with running(settings, classifier, model, metrics=metrics, log=log) as predictor:
        logger.info(
            "%s %s answers on port %d (gRPC %d), classes %s",
            model.name,
            model.version,
            settings.http_port,
            settings.grpc_port,
            ", ".join(model.classes),
        )
        server = build_server(settings, predictor, metrics)
        # What is loaded stays: looking through torch's objects again stopped the event loop for 200 ms.
        gc.collect()
        gc.freeze()
        server.run()


def load_classifier(settings: ServerSettings, found: Checkpoint | PreparedModel) -> Classifier:
    """The model, after a first forward pass.

    Raises:
        ModelUnusable: it cannot be run as a classifier.
    """
    classifier = load_model(settings, found, threads=settings.torch_threads or allowed_cores())
    warm_up(classifier, batches=batch_limits(settings, gpu=classifier.gpu, packed=classifier.runtime.packs))
    logger.info("the model runs as %s", classifier.variant)
    return classifier


def warm_up(classifier: Classifier, *, batches: BatchLimits) -> None:
    """Run batches from one text to a full one: kernels are chosen and memory is taken before anyone waits."""
    [tokens] = classifier.encode([WARM_UP])
    rows = 1
    while rows <= batches.texts and rows * len(tokens) <= batches.tokens:
        classifier.forward([tokens] * rows)
        rows *= 4


@contextmanager
def running(
    settings: ServerSettings, classifier: Classifier, model: ServedModel, *, metrics: ServerMetrics, log: Log
) -> Iterator[Predictor]:
    """The predictor with its forward thread."""
    policy = RowPolicy(
        deployment_id=settings.deployment,
        model_name=model.name,
        model_version=model.version,
        classes=model.classes,
        input_text=settings.input_text,
        embeddings=settings.log_embeddings,
        when_full=settings.when_log_full,
    )
    predictor = Predictor(
        ForwardEngine(classifier, Recorder(log, metrics, policy)),
        model=model,
        texts=text_limits(settings),
        batches=batch_limits(settings, gpu=classifier.gpu, packed=classifier.runtime.packs),
        queue=queue_limits(settings, gpu=classifier.gpu),
    )
    predictor.start()
    try:
        yield predictor
    finally:
        predictor.close(settings.grace_s)


def text_limits(settings: ServerSettings) -> TextLimits:
    """What one request may hold."""
    return TextLimits(chars=settings.max_text_chars, texts=settings.max_request_texts)


def build_server(settings: ServerSettings, predictor: Predictor, metrics: ServerMetrics) -> Server:
    """A kserve server with our routes in front of its own."""
    add_routes(
        kserve_app,
        predictor,
        metrics=metrics,
        max_body_bytes=settings.max_body_bytes,
        texts=text_limits(settings),
        score_token=settings.score_token.get_secret_value(),
    )
    listening = Listening(
        host=settings.host,
        http_port=settings.http_port,
        grpc_port=settings.grpc_port,
        grace_s=settings.grace_s,
        receive_timeout_s=settings.receive_timeout_s,
        keep_alive_s=settings.keep_alive_s,
        max_message_bytes=settings.max_body_bytes,
    )
    return Server(listening, predictor, metrics=metrics)
