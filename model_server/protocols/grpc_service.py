"""What kserve's gRPC service calls: the model, true health, a repository closed to strangers."""

from __future__ import annotations

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

from model_server.errors import NotReady, ServingError, Stopping
from model_server.predictor import Predicts
from model_server.protocols.grpc_codec import response_of, texts_from, wanted_of
from model_server.protocols.served import check_model
from model_server.protocols.v2 import metadata_of
from model_server.segment import SEGMENT_HEADER, parse_segment

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
    """The data plane of kserve with true health and errors of ours."""

    def __init__(self, registry: kserve.ModelRepository, *, predictor: Predicts) -> None:
        super().__init__(model_registry=registry)
        self._predictor = predictor

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

    async def live(self) -> dict[str, str]:
        """Whether the process is well; kserve's own always says yes."""
        return {"status": "alive" if self._predictor.ready else "dead"}

    async def infer(
        self, model_name: str, request: kserve.InferRequest, headers: dict[str, str] | None = None
    ) -> tuple[kserve.InferResponse, dict[str, str]]:
        """The answer to a ModelInfer call.

        Raises:
            ServingError: of the class that says what the caller should do.
        """
        check_model(self._predictor.model, model_name)
        if self.model_registry.get_model(model_name) is None:
            # kserve empties the registry on SIGTERM before it closes the gRPC port.
            msg = "the server is shutting down; send the request to another replica."
            raise Stopping(msg)
        if not self._predictor.ready:
            # kserve would call the model's load() on the event loop and then fail on an attribute.
            msg = f"the model {model_name} is not ready."
            raise NotReady(msg)
        result: tuple[kserve.InferResponse, dict[str, str]] = await super().infer(
            model_name, request, headers
        )
        return result

    def _check(self, model_name: str) -> None:
        try:
            check_model(self._predictor.model, model_name)
        except ServingError as error:
            raise as_status(error) from None


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


def as_status(error: ServingError) -> GrpcException:
    """The error as the exception that gRPC answers with a status."""
    return STATUSES.get(error.status, Internal)(str(error))
