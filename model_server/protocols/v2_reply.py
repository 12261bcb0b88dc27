"""Answers as V2 output tensors, in JSON or in binary form."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
import orjson

from model_server.errors import InvalidRequest
from model_server.predictor import Answer, ServedModel

OUTPUT_NAMES: Final = ("sentiment", "confidence", "probabilities", "prediction_id")


@dataclass(frozen=True, slots=True)
class OutputTensor:
    """One output: `values` are flat, in row-major order of `shape`."""

    name: str
    datatype: Literal["BYTES", "FP32"]
    shape: tuple[int, ...]
    values: Sequence[str] | Sequence[float]
    parameters: Mapping[str, str] = field(default_factory=dict)

    def raw(self) -> bytes:
        """The binary form: FP32 little-endian, or texts, each after its length as a little-endian uint32."""
        if self.datatype == "FP32":
            return np.asarray(self.values, dtype="<f4").tobytes()
        encoded = [str(value).encode() for value in self.values]
        return b"".join(struct.pack("<I", len(text)) + text for text in encoded)


def outputs_of(
    answers: Sequence[Answer], model: ServedModel, *, wanted: Sequence[str] | None
) -> list[OutputTensor]:
    """The four outputs, or the wanted ones in the order wanted.

    Raises:
        InvalidRequest: an output is wanted that does not exist.
    """
    n, k = len(answers), len(model.classes)
    classes = {"classes": orjson.dumps(model.classes).decode()}
    tensors = {
        "sentiment": OutputTensor("sentiment", "BYTES", (n,), [a.sentiment for a in answers]),
        "confidence": OutputTensor("confidence", "FP32", (n,), [a.confidence for a in answers]),
        "probabilities": OutputTensor(
            "probabilities", "FP32", (n, k), [p for a in answers for p in a.probabilities], classes
        ),
        "prediction_id": OutputTensor(
            "prediction_id", "BYTES", (n,), [str(a.prediction_id) for a in answers]
        ),
    }
    return [tensors[name] for name in check_wanted(wanted)]


def check_wanted(wanted: Sequence[str] | None) -> Sequence[str]:
    """The names to answer with; checked before the model runs, so that a wrong name logs no prediction.

    Raises:
        InvalidRequest: an output is wanted that does not exist.
    """
    unknown = [name for name in wanted or () if name not in OUTPUT_NAMES]
    if unknown:
        msg = f'there is no output "{unknown[0]}"; the outputs are {", ".join(OUTPUT_NAMES)}.'
        raise InvalidRequest(msg)
    return wanted or OUTPUT_NAMES


def parameters_of(answers: Sequence[Answer], *, wanted: Sequence[str]) -> dict[str, str]:
    """The ids of the logged rows, for a client that left out the output with them or sent one text."""
    ids = [str(answer.prediction_id) for answer in answers]
    if len(ids) == 1:
        return {"prediction_id": ids[0]}
    return {} if "prediction_id" in wanted else {"prediction_ids": ",".join(ids)}


@dataclass(frozen=True, slots=True)
class V2Reply:
    """A V2 inference response before it is encoded."""

    response_id: str
    model: ServedModel
    outputs: Sequence[OutputTensor]
    binary: frozenset[str]
    parameters: Mapping[str, str] = field(default_factory=dict)

    def encode(self) -> tuple[bytes, int | None]:
        """The body, and the length of its JSON part if raw tensors follow it."""
        head = orjson.dumps(
            {
                "id": self.response_id,
                "model_name": self.model.name,
                "model_version": self.model.version,
                # The schema of the protocol allows no null, so what is empty is left out.
                **({"parameters": self.parameters} if self.parameters else {}),
                "outputs": [self._output(tensor) for tensor in self.outputs],
            }
        )
        raws = [tensor.raw() for tensor in self.outputs if tensor.name in self.binary]
        return (b"".join((head, *raws)), len(head)) if raws else (head, None)

    def _output(self, tensor: OutputTensor) -> dict[str, Any]:
        binary = tensor.name in self.binary
        parameters: dict[str, object] = dict(tensor.parameters)
        if binary:
            parameters["binary_data_size"] = len(tensor.raw())
        entry: dict[str, Any] = {"name": tensor.name, "shape": tensor.shape, "datatype": tensor.datatype}
        if parameters:
            entry["parameters"] = parameters
        return entry if binary else {**entry, "data": tensor.values}
