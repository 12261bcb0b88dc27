"""The gRPC server: kserve's service with counted calls, ids in the trailing metadata and errors of ours."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

import grpc  # type: ignore[import-untyped]  # has stubs only in a package of its own
import kserve
from grpc_interceptor.exceptions import Internal
from kserve.errors import InvalidInput
from kserve.protocol.grpc import grpc_predict_v2_pb2 as pb
from kserve.protocol.grpc.grpc_predict_v2_pb2_grpc import add_GRPCInferenceServiceServicer_to_server
from kserve.protocol.grpc.interceptors import ExceptionToStatusInterceptor
from kserve.protocol.grpc.servicer import InferenceServicer
from kserve.utils.utils import to_headers

from model_server.errors import InvalidRequest, ServingError
from model_server.failure import where
from model_server.metrics import ServerMetrics
from model_server.protocols.failures import CLIENT_GONE
from model_server.protocols.grpc_service import ClosedRepository, GrpcDataPlane, as_status
from model_server.protocols.rest_predict import ID_HEADER

logger = logging.getLogger(__name__)
ENDPOINT: Final = "ModelInfer"


class CountingServicer(InferenceServicer):  # type: ignore[misc]  # kserve ships no types
    """kserve's service; ModelInfer counts as a request with the HTTP equivalent of its status."""

    def __init__(
        self, data_plane: GrpcDataPlane, repository: ClosedRepository, *, metrics: ServerMetrics
    ) -> None:
        super().__init__(data_plane, repository)
        self._metrics = metrics

    async def ModelInfer(  # noqa: N802  # the name is the protocol's
        self, request: pb.ModelInferRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.ModelInferResponse:
        """Classify the texts; the id of a single prediction is in the metadata x-prediction-id too."""
        self._metrics.request_started()
        # Only a call that its client cancelled ends without passing one of the lines that set this.
        status = CLIENT_GONE
        try:
            response = await self._answer(request, to_headers(context))
            status = 200
        except ServingError as error:
            status = error.status
            self._metrics.failed(error.error_type, ENDPOINT)
            raise as_status(error) from None
        except Exception as error:  # noqa: BLE001  # the edge: everything becomes a status
            status = 500
            logger.error("a gRPC request failed: %s", where(error))  # noqa: TRY400  # the message may hold the text
            self._metrics.failed("internal", ENDPOINT)
            raise Internal("the server failed on this request.") from None
        finally:
            self._metrics.request_ended("GRPC", ENDPOINT, status)
        if single := (response.parameters or {}).get("prediction_id"):
            context.set_trailing_metadata(((ID_HEADER, single),))
        return response.to_grpc()

    async def _answer(
        self, request: pb.ModelInferRequest, headers: Mapping[str, str]
    ) -> kserve.InferResponse:
        response, _ = await self._data_plane.infer(request.model_name, self._parsed(request), headers=headers)
        return response

    def _parsed(self, request: pb.ModelInferRequest) -> kserve.InferRequest:
        try:
            self.validate_grpc_request(request)
            return kserve.InferRequest.from_grpc(request)
        except InvalidInput as error:
            cause = str(error.reason).rstrip(". ")
            msg = (
                f"the tensors of the request cannot be read ({cause}); send the texts as BYTES in one input."
            )
            raise InvalidRequest(msg) from None


def grpc_server(servicer: CountingServicer, *, max_message_bytes: int) -> grpc.aio.Server:
    """The server without its ports.

    Args:
        servicer: what answers.
        max_message_bytes: of a request and of a response.
    """
    server = grpc.aio.server(
        interceptors=(ExceptionToStatusInterceptor(),),
        options=[
            ("grpc.max_send_message_length", max_message_bytes),
            ("grpc.max_receive_message_length", max_message_bytes),
            # Two servers on one port would each get some of the calls, without a word.
            ("grpc.so_reuseport", 0),
        ],
    )
    add_GRPCInferenceServiceServicer_to_server(servicer, server)
    return server
