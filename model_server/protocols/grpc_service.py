"""What kserve's gRPC server calls: the model, errors as gRPC statuses, a repository closed to strangers."""

from __future__ import annotations

import logging
from typing import Any, Final, NoReturn

import kserve
from grpc_interceptor.exceptions import (
    GrpcException,
    Internal,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    Unavailable,
)
from kserve.protocol.dataplane import DataPlane
from kserve.protocol.model_repository_extension import ModelRepositoryExtension

from model_server.errors import ServingError, Stopping
from model_server.failure import where
from model_server.metrics import ServerMetrics
from model_server.predictor import Predicts
from model_server.protocols.grpc_codec import response_of, texts_from, wanted_of
from model_server.protocols.served import check_model
from model_server.protocols.v2 import metadata_of
from model_server.segment import SEGMENT_HEADER, parse_segment

logger = logging.getLogger(__name__)

ENDPOINT: Final = "ModelInfer"
STATUSES: Final[dict[int, type[GrpcException]]] = {
    400: InvalidArgument,
    404: NotFound,
    413: InvalidArgument,
    503: Unavailable,
}


class ServedClassifier(kserve.Model):  # type: ignore[misc]  # kserve ships no types
    """The model as kserve registers it; REST has its own routes, so only gRPC requests come through here."""

    def __init__(self, predictor: Predicts) -> None:
        super().__init__(predictor.model.name)
        self._predictor = predictor
        self.ready = True

    async def healthy(self) -> bool:
        """Whether requests are answered now."""
        return self._predictor.ready

    async def predict(
        self,
        payload: kserve.InferRequest,
        headers: dict[str, str] | None = None,
        response_headers: dict[str, str] | None = None,
    ) -> kserve.InferResponse:
        """Classify the texts of a V2 request.

        Raises:
            ServingError: of the class that says what the caller should do.
        """
        del response_headers
        model = self._predictor.model
        check_model(model, payload.model_name, version=payload.model_version)
        wanted_of(payload)
        segment = parse_segment((headers or {}).get(SEGMENT_HEADER))
        answers = await self._predictor.predict(texts_from(payload), source="grpc", segment=segment)
        return response_of(payload, answers, model=model)


class GrpcDataPlane(DataPlane):  # type: ignore[misc]  # kserve ships no types
    """The data plane of kserve with true readiness, counted requests, and errors that carry a status."""

    def __init__(
        self, registry: kserve.ModelRepository, *, predictor: Predicts, metrics: ServerMetrics
    ) -> None:
        super().__init__(model_registry=registry)
        self._predictor = predictor
        self._metrics = metrics

    async def ready(self) -> bool:
        """Whether requests are answered now; kserve's own always says yes."""
        return self._predictor.ready

    async def model_ready(self, model_name: str, disable_predictor_health_check: bool = False) -> bool:  # noqa: FBT001, FBT002  # kserve's signature
        """Whether the model answers now."""
        del disable_predictor_health_check
        self._check(model_name)
        return self._predictor.ready

    async def model_metadata(self, model_name: str) -> dict[str, Any]:
        """Inputs and outputs of the model."""
        self._check(model_name)
        metadata = metadata_of(self._predictor.model)
        return {key: metadata[key] for key in ("name", "platform", "inputs", "outputs")}

    async def infer(
        self, model_name: str, request: kserve.InferRequest, headers: dict[str, str] | None = None
    ) -> tuple[kserve.InferResponse, dict[str, str]]:
        """Answer a ModelInfer call, counted as a request with the HTTP equivalent of its status."""
        self._metrics.request_started()
        status = 500
        try:
            self._check_registered(model_name)
            response, response_headers = await super().infer(model_name, request, headers)
            status = 200
        except ServingError as error:
            status = error.status
            self._metrics.failed(error.error_type, ENDPOINT)
            raise _as_status(error) from None
        except Exception as error:  # noqa: BLE001  # the edge: everything becomes a status
            logger.error("a gRPC request failed: %s", where(error))  # noqa: TRY400  # the message may hold the text
            self._metrics.failed("internal", ENDPOINT)
            raise Internal("the server failed on this request.") from None
        else:
            return response, response_headers
        finally:
            self._metrics.request_ended("GRPC", ENDPOINT, status)

    def _check_registered(self, model_name: str) -> None:
        check_model(self._predictor.model, model_name)
        if self.model_registry.get_model(model_name) is None:
            # kserve empties the registry on SIGTERM before it closes the gRPC port.
            msg = "the server is shutting down; send the request to another replica."
            raise Stopping(msg)

    def _check(self, model_name: str) -> None:
        try:
            check_model(self._predictor.model, model_name)
        except ServingError as error:
            raise _as_status(error) from None


class ClosedRepository(ModelRepositoryExtension):  # type: ignore[misc]  # kserve ships no types
    """Refuses to load and unload models: kserve lets anyone who reaches the port take the model away."""

    async def load(self, model_name: str) -> NoReturn:
        """Refuse."""
        raise _closed(model_name)

    async def unload(self, model_name: str) -> NoReturn:
        """Refuse."""
        raise _closed(model_name)


def _closed(model_name: str) -> GrpcException:
    msg = f"{model_name} cannot be loaded or unloaded over the network; change the InferenceService instead."
    return PermissionDenied(msg)


def _as_status(error: ServingError) -> GrpcException:
    return STATUSES.get(error.status, Internal)(str(error))
