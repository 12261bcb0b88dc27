"""Requests as the bytes that go over the wire, made before anything is measured."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from typing import Any, Final

MODEL: Final = "sentiment"
GRPC_METHOD: Final = "/inference.GRPCInferenceService/ModelInfer"


def http_get(path: str) -> bytes:
    """A GET of the path."""
    return f"GET {path} HTTP/1.1\r\nhost: bench\r\n\r\n".encode()


def http_post(path: str, body: bytes, *, headers: Mapping[str, str] | None = None) -> bytes:
    """A POST of the body, JSON unless the headers say otherwise."""
    lines = {"host": "bench", "content-type": "application/json", **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST {path} HTTP/1.1\r\n{head}content-length: {len(body)}\r\n\r\n".encode() + body


def json_post(path: str, content: Any) -> bytes:  # noqa: ANN401  # any JSON
    """A POST of the content as JSON."""
    return http_post(path, json.dumps(content, ensure_ascii=False).encode())


def predict(text: str) -> bytes:
    """`POST /predict`."""
    return json_post("/predict", {"text": text})


def v1(text: str) -> bytes:
    """V1 with one instance."""
    return json_post(f"/v1/models/{MODEL}:predict", {"instances": [text]})


def v2(text: str) -> bytes:
    """V2 in JSON with one text."""
    tensor = {"name": "text", "shape": [1], "datatype": "BYTES", "data": [text]}
    return json_post(f"/v2/models/{MODEL}/infer", {"inputs": [tensor]})


def v2_binary(text: str) -> bytes:
    """V2 with the text as a raw tensor behind the JSON, and raw outputs wanted."""
    raw = _raw(text)
    tensor = {
        "name": "text",
        "shape": [1],
        "datatype": "BYTES",
        "parameters": {"binary_data_size": len(raw)},
    }
    head = json.dumps({"inputs": [tensor], "parameters": {"binary_data_output": True}}).encode()
    return http_post(
        f"/v2/models/{MODEL}/infer",
        head + raw,
        headers={
            "content-type": "application/octet-stream",
            "inference-header-content-length": str(len(head)),
        },
    )


def grpc_message(text: str) -> bytes:
    """A serialised ModelInferRequest with the text as a raw tensor."""
    from kserve.protocol.grpc import grpc_predict_v2_pb2 as v2_messages

    tensor = v2_messages.ModelInferRequest.InferInputTensor(name="text", shape=[1], datatype="BYTES")
    request = v2_messages.ModelInferRequest(
        model_name=MODEL, inputs=[tensor], raw_input_contents=[_raw(text)]
    )
    message: bytes = request.SerializeToString()
    return message


def _raw(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack("<I", len(encoded)) + encoded


HTTP_PROTOCOLS: Final[Mapping[str, Callable[[str], bytes]]] = {
    "/predict": predict,
    "V2 JSON": v2,
    "V2 binary": v2_binary,
    "V1": v1,
}
