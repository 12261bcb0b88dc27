"""The server itself: model, forward thread and protocols put together, run until told to stop."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from kserve import ModelServer
from kserve.model_server import app as kserve_app

from model_server.admission import TextLimits
from model_server.batch_plan import BatchLimits
from model_server.checkpoint import Checkpoint
from model_server.classifier import Classifier
from model_server.cores import allowed_cores
from model_server.engine import ForwardEngine, Recorder, RowPolicy
from model_server.metrics import ServerMetrics
from model_server.prediction_log import Log
from model_server.predictor import Predictor, ServedModel
from model_server.protocols.grpc_service import ClosedRepository, GrpcDataPlane, ServedClassifier
from model_server.protocols.routes import add_routes
from model_server.settings import ServerSettings

logger = logging.getLogger(__name__)

WARM_UP = ("This is absolutely amazing! I love it!", "This is terrible. Very disappointed.")


def serve(settings: ServerSettings, checkpoint: Checkpoint, *, metrics: ServerMetrics, log: Log) -> None:
    """Load the model and answer until SIGTERM or SIGINT; what is in flight then is finished.

    Raises:
        ModelUnusable: the checkpoint cannot be run as a classifier.
    """
    classifier = load_classifier(settings, checkpoint)
    model = ServedModel(settings.model_name, settings.model_version or classifier.version, classifier.classes)
    metrics.model_is(name=model.name, version=model.version, classes=model.classes)
    with running(settings, classifier, model, metrics=metrics, log=log) as predictor:
        server = build_server(settings, predictor, metrics)
        logger.info(
            "%s %s answers on port %d (gRPC %d), classes %s",
            model.name,
            model.version,
            settings.http_port,
            settings.grpc_port,
            ", ".join(model.classes),
        )
        server.start([ServedClassifier(predictor)])


def load_classifier(settings: ServerSettings, checkpoint: Checkpoint) -> Classifier:
    """The model, after a first forward pass.

    Raises:
        ModelUnusable: it cannot be run as a classifier.
    """
    classifier = Classifier(
        checkpoint,
        device=settings.device,
        threads=settings.torch_threads or allowed_cores(),
        max_tokens=settings.max_tokens,
    )
    classifier.forward(classifier.encode(WARM_UP))
    return classifier


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
        texts=TextLimits(chars=settings.max_text_chars, texts=settings.max_request_texts),
        batches=BatchLimits(texts=settings.max_batch_texts, tokens=settings.max_batch_tokens),
        max_waiting=settings.max_queued_texts,
    )
    predictor.start()
    try:
        yield predictor
    finally:
        predictor.close(settings.grace_s)


def build_server(settings: ServerSettings, predictor: Predictor, metrics: ServerMetrics) -> ModelServer:
    """A kserve server with our routes in front of its own; one process, for metrics and spool to be whole."""
    add_routes(
        kserve_app,
        predictor,
        metrics=metrics,
        max_body_bytes=settings.max_body_bytes,
        score_token=settings.score_token.get_secret_value(),
    )
    server = ModelServer(
        http_port=settings.http_port,
        grpc_port=settings.grpc_port,
        workers=1,
        enable_latency_logging=False,
        grace_period=settings.grace_s,
    )
    server.dataplane = GrpcDataPlane(server.registered_models, predictor=predictor, metrics=metrics)
    server.model_repository_extension = ClosedRepository(model_registry=server.registered_models)
    return server
