"""JSON schemas of what V1, V2 and the references take and answer, for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from model_server.admission import TextLimits

Schema = dict[str, Any]

_STRING: Final[Schema] = {"type": "string"}
_SHARE: Final[Schema] = {"type": "number", "minimum": 0, "maximum": 1}
_WHOLE: Final[Schema] = {"type": "array", "items": {"type": "integer"}}
# A null says the same as leaving the field out: kserve's own client writes it.
OPTIONAL_STRING: Final[Schema] = {"type": ["string", "null"]}
OPTIONAL_PARAMETERS: Final[Schema] = {
    "type": ["object", "null"],
    "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
}
PARAMETERS: Final[Schema] = {
    "type": "object",
    "additionalProperties": {"type": ["string", "number", "boolean"]},
}


def exactly(**properties: Schema) -> Schema:
    """An object with all of these properties and no others."""
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
    }


def listed(items: Schema, **bounds: int) -> Schema:
    """A list of them."""
    return {"type": "array", "items": items, **bounds}


def one_of(*values: str) -> Schema:
    """One of these words."""
    return {"type": "string", "enum": list(values)}


def text(limits: TextLimits) -> Schema:
    """One text that can be classified."""
    return {"type": "string", "minLength": 1, "maxLength": limits.chars, "pattern": r"\S"}


def texts(limits: TextLimits, entry: Schema | None = None) -> Schema:
    """As many texts, or entries with one, as a request may hold."""
    return listed(entry or text(limits), minItems=1, maxItems=limits.texts)


PROBABILITIES: Final[Schema] = {"type": "object", "additionalProperties": _SHARE}
V1_REPLY: Final[Schema] = exactly(
    predictions=listed(
        exactly(sentiment=_STRING, confidence=_SHARE, probabilities=PROBABILITIES, prediction_id=_STRING)
    )
)
MODELS: Final[Schema] = exactly(models=listed(_STRING))
MODEL_READY: Final[Schema] = exactly(name=_STRING, ready={"type": "boolean"})

OUTPUT_NAME: Final[Schema] = one_of("sentiment", "confidence", "probabilities", "prediction_id")
_TENSOR: Final[Schema] = {
    "type": "object",
    "required": ["name", "shape", "datatype"],
    "additionalProperties": False,
    "properties": {
        "name": OUTPUT_NAME,
        "shape": _WHOLE,
        "datatype": one_of("BYTES", "FP32"),
        "parameters": PARAMETERS,
        "data": {"type": "array", "items": {"type": ["string", "number"]}},
    },
}
V2_REPLY: Final[Schema] = {
    "type": "object",
    "required": ["id", "model_name", "model_version", "outputs"],
    "additionalProperties": False,
    "properties": {
        "id": _STRING,
        "model_name": _STRING,
        "model_version": _STRING,
        "parameters": PARAMETERS,
        "outputs": listed(_TENSOR),
    },
}
V2_SERVER: Final[Schema] = exactly(name=_STRING, version=_STRING, extensions=listed(_STRING))
_TENSOR_METADATA: Final[Schema] = exactly(name=_STRING, datatype=one_of("BYTES", "FP32"), shape=_WHOLE)
V2_METADATA: Final[Schema] = exactly(
    name=_STRING,
    versions=listed(_STRING),
    platform=_STRING,
    inputs=listed(_TENSOR_METADATA),
    outputs=listed(_TENSOR_METADATA),
)
LIVE: Final[Schema] = exactly(live={"type": "boolean"})
READY: Final[Schema] = exactly(ready={"type": "boolean"})

SCORE_REPLY: Final[Schema] = exactly(
    classes=listed(_STRING),
    model_name=_STRING,
    model_version=_STRING,
    rows=listed(exactly(probabilities=listed(_SHARE), embedding={"type": ["string", "null"]})),
)


def predict_request(limits: TextLimits) -> Schema:
    """The body of /predict."""
    return {
        "type": "object",
        "required": ["text"],
        "properties": {"text": text(limits)},
        "example": {"text": "This is absolutely amazing! I love it!"},
    }


def v1_request(limits: TextLimits) -> Schema:
    """The body of V1: each instance a text, an object with one, or a list of one."""
    one = text(limits)
    instance = {
        "anyOf": [
            one,
            {"type": "object", "required": ["text"], "properties": {"text": one}},
            listed(one, minItems=1, maxItems=1),
        ]
    }
    return {
        "type": "object",
        "required": ["instances"],
        "properties": {"instances": texts(limits, instance)},
        "example": {"instances": ["This is amazing!"]},
    }


def v2_request(limits: TextLimits) -> Schema:
    """The body of V2: one tensor of texts."""
    return {
        "type": "object",
        "required": ["inputs"],
        "properties": {
            "id": OPTIONAL_STRING,
            "parameters": OPTIONAL_PARAMETERS,
            "inputs": listed(
                {
                    "type": "object",
                    "required": ["name", "shape", "datatype", "data"],
                    "properties": {
                        "name": _STRING,
                        "shape": {
                            **listed({"type": "integer", "minimum": 1}),
                            "description": "Its product is the number of texts.",
                        },
                        "datatype": one_of("BYTES"),
                        "parameters": OPTIONAL_PARAMETERS,
                        "data": texts(limits),
                    },
                },
                minItems=1,
                maxItems=1,
            ),
            "outputs": {
                "type": ["array", "null"],
                "items": {
                    "type": "object",
                    "required": ["name"],
                    "properties": {"name": OUTPUT_NAME, "parameters": OPTIONAL_PARAMETERS},
                },
            },
        },
        "example": {
            "inputs": [
                {
                    "name": "text",
                    "shape": [2],
                    "datatype": "BYTES",
                    "data": ["This is amazing!", "This is terrible."],
                }
            ]
        },
    }


def score_request(limits: TextLimits) -> Schema:
    """The body of the route that scores reference texts."""
    return {"type": "object", "required": ["texts"], "properties": {"texts": texts(limits)}}
