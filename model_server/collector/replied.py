"""The predictions of an inference response, for V1, V2 and plain JSON replies of any model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from model_server.collector.answer import (
    DISTRIBUTION_NAMES,
    ID_NAME,
    LABEL_NAMES,
    SCORE_NAMES,
    Answer,
    NoAnswer,
    distribution,
    named_distribution,
    only_label,
    read_answer,
    read_id,
    scored,
)
from model_server.collector.inference_json import flat
from model_server.collector.json_value import Json

_FLOATS: Final = frozenset({"FP16", "FP32", "FP64"})
_INTEGERS: Final = frozenset(
    {"UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "BOOL"}
)


def replied_answers(reply: Mapping[str, Any], classes: Sequence[str]) -> tuple[Answer, ...]:
    """One answer for each input, in order.

    Args:
        reply: the JSON object of the response.
        classes: names of the classes in the model's order, empty if they are not known.

    Raises:
        NoAnswer: the reply is of no shape that is known, or its numbers are no probabilities.
    """
    predictions = reply.get("predictions")
    if isinstance(predictions, list):
        return tuple(read_answer(entry, classes) for entry in predictions)
    outputs = reply.get("outputs")
    if isinstance(outputs, list) and outputs and all(isinstance(each, dict) for each in outputs):
        return _of_tensors(outputs, classes)
    if any(name in reply for name in (*LABEL_NAMES, *DISTRIBUTION_NAMES)):
        return (read_answer(dict(reply), classes),)
    raise NoAnswer("it is JSON without predictions or outputs")


def replied_version(reply: Mapping[str, Any]) -> str:
    """Version of the model as the reply gives it, or ""."""
    version = reply.get("model_version")
    return version if isinstance(version, str) else ""


def _of_tensors(tensors: list[dict[str, Any]], classes: Sequence[str]) -> tuple[Answer, ...]:
    labels = _chosen(tensors, LABEL_NAMES, frozenset({"BYTES"}), besides=ID_NAME)
    chances = _chosen(tensors, DISTRIBUTION_NAMES, _FLOATS, wide=True)
    scores = _chosen(tensors, SCORE_NAMES, _FLOATS, wide=False)
    numbers = _chosen(tensors, LABEL_NAMES, _INTEGERS)
    if chances is not None:
        answers = _distributions(chances, _classes_of(chances, classes), labels=labels)
    elif labels is not None:
        answers = _labelled(flat(labels.get("data")), scores, classes)
    elif numbers is not None:
        answers = tuple(read_answer(_whole(each), classes) for each in flat(numbers.get("data")))
    elif scores is not None:
        answers = tuple(read_answer(each, classes) for each in flat(scores.get("data")))
    else:
        raise NoAnswer("none of its outputs holds classes or probabilities")
    return _with_ids(answers, tensors)


def _chosen(
    tensors: Sequence[dict[str, Any]],
    names: Sequence[str],
    datatypes: frozenset[str],
    *,
    wide: bool | None = None,
    besides: str = "",
) -> dict[str, Any] | None:
    """The output of one of the names, else the first whose datatype and width fit."""
    fitting = [
        tensor
        for tensor in tensors
        if tensor.get("datatype") in datatypes
        and tensor.get("name") != besides
        and (wide is None or (_width(tensor) > 1) == wide)
    ]
    return next((each for each in fitting if each.get("name") in names), fitting[0] if fitting else None)


def _width(tensor: Mapping[str, Any]) -> int:
    """Values for each row: the last dimension of a matrix, 1 of a vector."""
    shape = tensor.get("shape")
    matrix = isinstance(shape, list) and len(shape) > 1 and isinstance(shape[-1], int)
    return shape[-1] if matrix and isinstance(shape, list) else 1


def _classes_of(tensor: Mapping[str, Any], classes: Sequence[str]) -> Sequence[str]:
    """Names that the output itself gives, as our predictor does, else those of the settings."""
    parameters = tensor.get("parameters")
    given = parameters.get("classes") if isinstance(parameters, dict) else None
    if isinstance(given, str):
        try:
            given = orjson.loads(given)
        except orjson.JSONDecodeError:
            return classes
    names = (
        isinstance(given, list) and len(given) == _width(tensor) and all(isinstance(n, str) for n in given)
    )
    return given if names and isinstance(given, list) else classes


def _distributions(
    tensor: Mapping[str, Any], classes: Sequence[str], *, labels: Mapping[str, Any] | None
) -> tuple[Answer, ...]:
    values, width = flat(tensor.get("data")), _width(tensor)
    if len(values) % width or not all(isinstance(value, (int, float)) for value in values):
        raise NoAnswer("its probabilities do not fill their shape")
    rows = [values[start : start + width] for start in range(0, len(values), width)]
    names = flat(labels.get("data")) if labels else []
    if len(names) != len(rows) or not all(isinstance(name, str) for name in names):
        return tuple(_row(row, classes) for row in rows)
    return tuple(
        _decided(_row(row, classes), name, row=row, classes=classes)
        for row, name in zip(rows, names, strict=True)
    )


def _row(row: Sequence[float], classes: Sequence[str]) -> Answer:
    if len(classes) == len(row):
        return named_distribution(dict(zip(classes, row, strict=True)), classes)
    return distribution(row, ())


def _decided(answer: Answer, name: str, *, row: Sequence[float], classes: Sequence[str]) -> Answer:
    """The class that the server decided for, which need not be the most probable."""
    at = classes.index(name) if name in classes and len(classes) == len(row) else None
    confidence = answer.confidence if at is None else float(row[at])
    return Answer(only_label(name, ()).label, confidence, answer.probabilities)


def _labelled(
    labels: Sequence[Any], scores: Mapping[str, Any] | None, classes: Sequence[str]
) -> tuple[Answer, ...]:
    values = flat(scores.get("data")) if scores else []
    if len(values) != len(labels):
        return tuple(read_answer(label, classes) for label in labels)
    return tuple(
        scored(only_label(str(label), ()).label, float(value), classes)
        for label, value in zip(labels, values, strict=True)
    )


def _with_ids(answers: tuple[Answer, ...], tensors: Sequence[dict[str, Any]]) -> tuple[Answer, ...]:
    named = next((tensor for tensor in tensors if tensor.get("name") == ID_NAME), None)
    ids = [read_id(each) for each in flat(named.get("data"))] if named else []
    if len(ids) != len(answers):
        return answers
    return tuple(
        Answer(answer.label, answer.confidence, answer.probabilities, given)
        for answer, given in zip(answers, ids, strict=True)
    )


def _whole(value: Json) -> Json:
    # Class numbers of a JSON encoder without integers.
    return int(value) if isinstance(value, float) and value.is_integer() else value
