"""V2, the Open Inference Protocol, over REST: inference, metadata and health, versioned and not."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from model_server.admission import TextLimits
from model_server.errors import Forbidden, NotReady
from model_server.predictor import Predicts, ServedModel
from model_server.protocols.body import json_response, read_body, unless_gone
from model_server.protocols.documented import answers as answering
from model_server.protocols.documented import (
    documented_body,
    health,
    model_parameter,
    predicts,
    segment_parameter,
)
from model_server.protocols.rest_predict import ID_HEADER
from model_server.protocols.schemas import (
    LIVE,
    MODEL_READY,
    MODELS,
    READY,
    V2_METADATA,
    V2_REPLY,
    V2_SERVER,
    v2_request,
)
from model_server.protocols.served import check_model
from model_server.protocols.v2_reply import V2Reply, check_wanted, outputs_of, parameters_of
from model_server.protocols.v2_request import JSON_LENGTH_HEADER, parse_v2
from model_server.segment import SEGMENT_HEADER, parse_segment
from modelmonitor.store.records import new_prediction_id

MODEL: Final = "/v2/models/{model_name}"
VERSION: Final = MODEL + "/versions/{model_version}"


def v2_router(predictor: Predicts, *, max_body_bytes: int, limits: TextLimits) -> APIRouter:
    """The routes of V2, over the given predictor."""
    router = APIRouter(tags=["V2"])
    _add_inference(router, predictor, max_body_bytes=max_body_bytes, limits=limits)
    _add_metadata(router, predictor)
    _add_health(router, predictor)
    _add_repository(router)
    return router


def _add_inference(
    router: APIRouter, predictor: Predicts, *, max_body_bytes: int, limits: TextLimits
) -> None:
    @router.post(VERSION + "/infer", include_in_schema=False, response_model=None)
    @router.post(
        MODEL + "/infer",
        summary="Classify texts",
        response_model=None,
        responses=predicts(V2_REPLY, binary=True),
        openapi_extra=documented_body(
            v2_request(limits), parameters=[model_parameter(), segment_parameter()]
        ),
    )
    async def infer(request: Request) -> Response:
        """Takes one BYTES input; answers sentiment, confidence, probabilities and prediction_id."""
        named = request.path_params
        check_model(predictor.model, named["model_name"], version=named.get("model_version"))
        body = await read_body(request, limit=max_body_bytes)
        call = parse_v2(body, json_length=request.headers.get(JSON_LENGTH_HEADER))
        wanted = check_wanted(None if call.outputs is None else list(call.outputs))
        segment = parse_segment(request.headers.get(SEGMENT_HEADER))
        answers = await unless_gone(request, predictor.predict(call.texts, source="v2", segment=segment))
        reply = V2Reply(
            response_id=call.request_id
            or str(answers[0].prediction_id if len(answers) == 1 else new_prediction_id()),
            model=predictor.model,
            outputs=outputs_of(answers, predictor.model, wanted=wanted),
            binary=frozenset(name for name in wanted if (call.outputs or {}).get(name, call.all_binary)),
            parameters=parameters_of(answers, wanted=wanted),
        )
        headers = {ID_HEADER: str(answers[0].prediction_id)} if len(answers) == 1 else {}
        return _encoded(reply, headers=headers)


def _encoded(reply: V2Reply, *, headers: dict[str, str]) -> Response:
    body, json_length = reply.encode()
    if json_length is None:
        return Response(body, headers=headers, media_type="application/json")
    return Response(
        body, headers={**headers, JSON_LENGTH_HEADER: str(json_length)}, media_type="application/octet-stream"
    )


def _add_metadata(router: APIRouter, predictor: Predicts) -> None:
    @router.get("/v2/", include_in_schema=False, response_model=None)
    @router.get("/v2", summary="About the server", response_model=None, responses=answering(V2_SERVER))
    async def server_metadata() -> Response:
        """Name, version and extensions of the server."""
        return json_response(
            {"name": "modelmonitor", "version": version("modelmonitor"), "extensions": ["binary_tensor_data"]}
        )

    @router.get("/v2/models", summary="Models served", response_model=None, responses=answering(MODELS))
    async def models() -> Response:
        """The one model of this server."""
        return json_response({"models": [predictor.model.name]})

    @router.get(VERSION, include_in_schema=False, response_model=None)
    @router.get(MODEL, summary="About the model", response_model=None, responses=answering(V2_METADATA, 404))
    async def model_metadata(model_name: str, model_version: str | None = None) -> Response:
        """Inputs and outputs of the model; -1 is the number of texts."""
        check_model(predictor.model, model_name, version=model_version)
        return json_response(metadata_of(predictor.model))


def metadata_of(model: ServedModel) -> dict[str, Any]:
    """The V2 metadata of the model; -1 stands for the number of texts."""
    text = {"name": "text", "datatype": "BYTES", "shape": [-1]}
    outputs = (
        {"name": "sentiment", "datatype": "BYTES", "shape": [-1]},
        {"name": "confidence", "datatype": "FP32", "shape": [-1]},
        {"name": "probabilities", "datatype": "FP32", "shape": [-1, len(model.classes)]},
        {"name": "prediction_id", "datatype": "BYTES", "shape": [-1]},
    )
    return {
        "name": model.name,
        "versions": [model.version],
        "platform": "transformers",
        "inputs": [text],
        "outputs": [*outputs],
    }


def _add_health(router: APIRouter, predictor: Predicts) -> None:
    @router.get("/", include_in_schema=False, response_model=None)
    async def alive() -> Response:
        # What KServe's V1 servers answer; kserve's own says so even when nothing works any more.
        state = "alive" if predictor.ready else "dead"
        return json_response({"status": state}, status=200 if predictor.ready else 503)

    @router.get("/v2/health/live", summary="Is the process well", response_model=None, responses=health(LIVE))
    async def live() -> Response:
        """False asks Kubernetes for a restart: the forward thread has died."""
        return json_response({"live": predictor.ready}, status=200 if predictor.ready else 503)

    @router.get(
        "/v2/health/ready", summary="Are requests answered", response_model=None, responses=health(READY)
    )
    async def ready() -> Response:
        """True only while the model is loaded and its thread runs."""
        return json_response({"ready": predictor.ready}, status=200 if predictor.ready else 503)

    @router.get(VERSION + "/ready", include_in_schema=False, response_model=None)
    @router.get(
        MODEL + "/ready",
        summary="Does the model answer",
        response_model=None,
        responses=answering(MODEL_READY, 404, 503),
    )
    async def model_ready(model_name: str, model_version: str | None = None) -> Response:
        """The same of the one model."""
        check_model(predictor.model, model_name, version=model_version)
        if not predictor.ready:
            msg = f"the model {model_name} is not ready."
            raise NotReady(msg)
        return json_response({"name": model_name, "ready": True})


def _add_repository(router: APIRouter) -> None:
    @router.post("/v2/repository/models/{model_name}/load", include_in_schema=False, response_model=None)
    @router.post("/v2/repository/models/{model_name}/unload", include_in_schema=False, response_model=None)
    async def closed(model_name: str) -> Response:
        # kserve's own routes would let any stranger unload the model.
        msg = (
            f"{model_name} cannot be loaded or unloaded over the network; change the InferenceService "
            "instead."
        )
        raise Forbidden(msg)
