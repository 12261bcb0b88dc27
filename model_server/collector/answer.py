"""What a model said of one input, read from the shapes in which servers reply."""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from model_server.collector.json_value import Json
from modelmonitor.store.copyformat import storable

# Names under which replies give the class, its probability, and all probabilities; ours first.
LABEL_NAMES: Final = (
    "sentiment",
    "label",
    "class",
    "predicted_label",
    "predicted_class",
    "prediction",
    "category",
)
SCORE_NAMES: Final = ("confidence", "score", "probability", "prob")
DISTRIBUTION_NAMES: Final = ("probabilities", "probs", "scores", "predict_proba", "proba")
ID_NAME: Final = "prediction_id"
_SUM_TOLERANCE: Final = 0.02
_MAX_LABEL_CHARS: Final = 256


class NoAnswer(Exception):  # becomes the reason for which a body is kept aside
    """The reply holds nothing that can be a class; the message says what it holds instead."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One prediction of a reply.

    Attributes:
        label: name of the class.
        confidence: its probability, 0 to 1; None if the reply names the class alone.
        probabilities: one for each class in the order of the classes; empty if the reply does not tell them,
            1 for the class if it names that alone.
        prediction_id: as our own predictor gave it, or None.
    """

    label: str
    confidence: float | None
    probabilities: tuple[float, ...]
    prediction_id: uuid.UUID | None = None


def read_answer(entry: Json, classes: Sequence[str]) -> Answer:
    """One entry of a reply: a class number, a class name, probabilities, or an object with any of them.

    Args:
        entry: a JSON value.
        classes: names of the classes in order, empty if they are not known.

    Raises:
        NoAnswer: it is none of these.
    """
    if isinstance(entry, str):
        return _of_text(entry, classes)
    if isinstance(entry, bool):
        return only_label("true" if entry else "false", classes)
    if isinstance(entry, int):
        return only_label(class_name(entry, classes), classes)
    if isinstance(entry, float):
        return _of_probability(entry, classes)
    if isinstance(entry, list):
        return _of_list(entry, classes)
    if isinstance(entry, dict):
        return _of_object(entry, classes)
    raise NoAnswer("an entry of the reply is null")


def class_name(number: int, classes: Sequence[str]) -> str:
    """Name of a class by its place; the number itself where the names are not known."""
    return classes[number] if 0 <= number < len(classes) else str(number)


def only_label(label: str, classes: Sequence[str]) -> Answer:
    """An answer that names the class alone: how sure the model was is not known."""
    if not label.strip() or len(label) > _MAX_LABEL_CHARS:
        raise NoAnswer(f"a class name is empty or longer than {_MAX_LABEL_CHARS} characters")
    told = tuple(float(label == name) for name in classes) if label in classes else ()
    return Answer(storable(label), None, told)


def scored(label: str, score: float, classes: Sequence[str]) -> Answer:
    """An answer that names the class and its probability; of two classes that says both probabilities."""
    check_probability(score)
    known = label in classes and len(classes) == len(("this", "other"))
    both = tuple(score if name == label else 1.0 - score for name in classes) if known else ()
    return Answer(only_label(label, classes).label, score, both)


def distribution(probabilities: Sequence[float], classes: Sequence[str]) -> Answer:
    """An answer that gives every class its probability, in the order of the classes.

    Raises:
        NoAnswer: the numbers are no probabilities that sum to 1.
    """
    if not probabilities or not math.isclose(math.fsum(probabilities), 1.0, abs_tol=_SUM_TOLERANCE):
        raise NoAnswer("numbers of the reply do not sum to 1, so they are no probabilities of classes")
    for each in probabilities:
        check_probability(each)
    best = max(range(len(probabilities)), key=probabilities.__getitem__)
    return Answer(class_name(best, classes), float(probabilities[best]), tuple(map(float, probabilities)))


def named_distribution(
    members: Mapping[str, float], classes: Sequence[str], *, ordered: bool = False
) -> Answer:
    """As `distribution`, by class name: in the order of `classes`, else as given or by name."""
    # Servers sort by probability, so the order of a reply is not that of the classes.
    names = list(members) if ordered else sorted(members)
    if set(members) == set(classes):
        names = list(classes)
    return distribution([members[name] for name in names], [storable(name) for name in names])


def check_probability(value: float) -> None:
    """Do nothing if the value is a probability.

    Raises:
        NoAnswer: it is not between 0 and 1.
    """
    if not -_SUM_TOLERANCE <= value <= 1.0 + _SUM_TOLERANCE:
        raise NoAnswer("a number of the reply is no probability, as it is not between 0 and 1")


def read_id(value: object) -> uuid.UUID | None:
    """A prediction id of our own predictor, None for anything else."""
    try:
        return uuid.UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _of_text(text: str, classes: Sequence[str]) -> Answer:
    if text[:1] in ("{", "["):
        try:
            return read_answer(orjson.loads(text), classes)
        except orjson.JSONDecodeError:
            pass
    return only_label(text, classes)


def _of_probability(value: float, classes: Sequence[str]) -> Answer:
    check_probability(value)
    return distribution([1.0 - value, value], classes)


def _of_list(entries: list[Any], classes: Sequence[str]) -> Answer:
    # In a loop: JSON may be nested deeper than Python recurses.
    while len(entries) == 1:
        if not isinstance(entries[0], list):
            return read_answer(entries[0], classes)
        entries = entries[0]
    if entries and all(_is_number(entry) for entry in entries):
        return distribution(entries, classes)
    if entries and all(isinstance(entry, dict) for entry in entries):
        return _of_scored_labels(entries, classes)
    raise NoAnswer("an entry of the reply is a list that holds no probabilities")


def _of_scored_labels(entries: list[dict[str, Any]], classes: Sequence[str]) -> Answer:
    members: dict[str, float] = {}
    for entry in entries:
        label, score = _first(entry, LABEL_NAMES), _first(entry, SCORE_NAMES)
        if not isinstance(label, str) or not _is_number(score):
            raise NoAnswer("an entry of the reply is a list of objects without label and score")
        members[label] = float(score)
    try:
        return named_distribution(members, classes)
    except NoAnswer:
        # The best few of many classes do not sum to 1.
        best = max(members, key=members.__getitem__)
        return scored(best, members[best], classes)


def _of_object(entry: dict[str, Any], classes: Sequence[str]) -> Answer:
    label, score = _first(entry, LABEL_NAMES), _first(entry, SCORE_NAMES)
    given = _first(entry, DISTRIBUTION_NAMES)
    if label is None and given is None:
        return _of_named_numbers(entry, classes)
    name = None if label is None else _label_of(label, classes)
    answer = _merged(name, score, given=given, classes=classes)
    return Answer(answer.label, answer.confidence, answer.probabilities, read_id(entry.get(ID_NAME)))


def _merged(name: str | None, score: Json, *, given: Json, classes: Sequence[str]) -> Answer:
    if given is None and name is not None:
        return scored(name, float(score), classes) if _is_number(score) else only_label(name, classes)
    if isinstance(given, dict) and given and all(map(_is_number, given.values())):
        # Whoever gives class and distribution together is made like our predictor: in the model's order.
        answer = named_distribution(given, classes, ordered=True)
    elif isinstance(given, list) and given and all(map(_is_number, given)):
        answer = distribution(given, classes)
    else:
        raise NoAnswer("the probabilities of the reply are neither a list nor an object of numbers")
    if name is None or name == answer.label:
        return answer
    # The server's own decision counts, for it may have another threshold than one half.
    confidence = float(score) if _is_number(score) else _probability_of(name, given, answer, classes)
    if confidence is not None:
        check_probability(confidence)
    return Answer(only_label(name, ()).label, confidence, answer.probabilities)


def _probability_of(name: str, given: Json, answer: Answer, classes: Sequence[str]) -> float | None:
    if isinstance(given, dict):
        return float(given[name]) if name in given else None
    if len(given) == len(classes):
        return float(given[classes.index(name)]) if name in classes else None
    # The classes are not known by name: whoever gives a class and probabilities means the largest.
    return answer.confidence


def _of_named_numbers(entry: dict[str, Any], classes: Sequence[str]) -> Answer:
    if len(entry) > 1 and all(map(_is_number, entry.values())):
        return named_distribution(
            {_label_of(name, classes): float(each) for name, each in entry.items()}, classes
        )
    raise NoAnswer("an entry of the reply is an object without a class and without probabilities")


def _label_of(label: Json, classes: Sequence[str]) -> str:
    if isinstance(label, int) and not isinstance(label, bool):
        return class_name(label, classes)
    if not isinstance(label, str):
        raise NoAnswer("the class of the reply is neither a name nor a number")
    return class_name(int(label), classes) if label.isdecimal() and len(label) < len("10000") else label


def _first(entry: Mapping[str, Any], names: Sequence[str]) -> Json:
    return next((entry[name] for name in names if name in entry), None)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
