"""V2 over gRPC: kserve's request and response objects to and from texts and answers."""

from __future__ import annotations

from collections.abc import Sequence

from kserve import InferInput, InferOutput, InferRequest, InferResponse

from model_server.predictor import Answer, ServedModel
from model_server.protocols.text_tensor import TextTensor, select_input, texts_of
from model_server.protocols.v2_reply import check_wanted, outputs_of, parameters_of
from modelmonitor.store.records import new_prediction_id


def texts_from(request: InferRequest) -> list[object]:
    """The entries of the request's text input, not yet checked.

    Raises:
        InvalidRequest: there is no such input, or it cannot be read.
    """
    return texts_of(select_input([_tensor(tensor) for tensor in request.inputs]))


def wanted_of(request: InferRequest) -> Sequence[str]:
    """Names of the outputs to answer with.

    Raises:
        InvalidRequest: one of them does not exist.
    """
    return check_wanted([output.name for output in request.request_outputs or ()] or None)


def response_of(request: InferRequest, answers: Sequence[Answer], *, model: ServedModel) -> InferResponse:
    """The answers in the form in which the request came: raw tensors for raw tensors."""
    single = answers[0].prediction_id if len(answers) == 1 else new_prediction_id()
    wanted = wanted_of(request)
    return InferResponse(
        response_id=request.id or str(single),
        model_name=model.name,
        model_version=model.version,
        infer_outputs=[
            InferOutput(t.name, list(t.shape), t.datatype, data=list(t.values), parameters=dict(t.parameters))
            for t in outputs_of(answers, model, wanted=wanted)
        ],
        parameters=parameters_of(answers, wanted=wanted),
        use_binary_outputs=request.use_binary_outputs,
    )


def _tensor(tensor: InferInput) -> TextTensor:
    # kserve has no public way to the raw bytes; its own as_string() and as_numpy() fail on flat BYTES.
    raw = tensor._raw_data  # noqa: SLF001
    return TextTensor(tensor.name, tensor.datatype, tuple(tensor.shape), data=tensor.data, raw=raw)
