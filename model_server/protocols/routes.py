"""All routes of the server on one FastAPI application, with the document that describes them."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI, Request
from starlette.responses import Response

from model_server.admission import TextLimits
from model_server.metrics import ServerMetrics
from model_server.predictor import Predicts
from model_server.protocols.counting import CountRequests
from model_server.protocols.direct import add_direct
from model_server.protocols.docs_page import add_docs
from model_server.protocols.failures import add_handlers
from model_server.protocols.reference import reference_router
from model_server.protocols.rest_predict import predict_router
from model_server.protocols.v1 import v1_router
from model_server.protocols.v2 import v2_router

# In the format that the scraper accepts; the first is the default.
_EXPOSITION: Final = {
    "text/plain": {"schema": {"type": "string"}},
    "application/openmetrics-text": {"schema": {"type": "string"}},
}


def add_routes(
    app: FastAPI,
    predictor: Predicts,
    *,
    metrics: ServerMetrics,
    max_body_bytes: int,
    texts: TextLimits,
    score_token: str,
) -> None:
    """Put the routes on `app`; called before kserve adds its own, so that these win."""
    for make_router in (predict_router, v1_router, v2_router):
        router = make_router(predictor, max_body_bytes=max_body_bytes, limits=texts)
        app.include_router(router)
        add_direct(app, router)
    if score_token:
        app.include_router(
            reference_router(predictor, token=score_token, max_body_bytes=max_body_bytes, limits=texts)
        )
    _add_metrics(app, predictor, metrics)
    add_docs(app)
    add_handlers(app, metrics)
    app.add_middleware(CountRequests, metrics=metrics)


def _add_metrics(app: FastAPI, predictor: Predicts, metrics: ServerMetrics) -> None:
    @app.get(
        "/metrics",
        summary="Metrics for Prometheus",
        response_model=None,
        responses={200: {"description": "The exposition.", "content": _EXPOSITION}},
    )
    async def page(request: Request) -> Response:
        """Every metric of this process."""
        metrics.loaded(yes=predictor.ready)
        content, content_type = metrics.page(request.headers.get("accept"))
        return Response(content, headers={"content-type": content_type})
