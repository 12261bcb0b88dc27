"""What replies of all kinds of servers say."""

import uuid

import pytest

from model_server.collector.answer import Answer, NoAnswer, read_answer
from model_server.collector.replied import replied_answers

CLASSES = ("NEGATIVE", "POSITIVE")
ID = "5f0c7a3e-1f0e-5b1d-9a0e-5d0f3c3b2a11"


@pytest.mark.parametrize(
    ("entry", "answer"),
    [
        (1, Answer("POSITIVE", None, (0.0, 1.0))),
        ("POSITIVE", Answer("POSITIVE", None, (0.0, 1.0))),
        ("OTHER", Answer("OTHER", None, ())),
        (0.25, Answer("NEGATIVE", 0.75, (0.75, 0.25))),
        ([0.25, 0.75], Answer("POSITIVE", 0.75, (0.25, 0.75))),
        ([[0.25, 0.75]], Answer("POSITIVE", 0.75, (0.25, 0.75))),
        ({"label": "NEGATIVE", "score": 0.75}, Answer("NEGATIVE", 0.75, (0.75, 0.25))),
        ({"label": 1, "score": 0.75}, Answer("POSITIVE", 0.75, (0.25, 0.75))),
        ({"POSITIVE": 0.75, "NEGATIVE": 0.25}, Answer("POSITIVE", 0.75, (0.25, 0.75))),
        ({"0": 0.25, "1": 0.75}, Answer("POSITIVE", 0.75, (0.25, 0.75))),
        ('{"label": "POSITIVE", "score": 0.75}', Answer("POSITIVE", 0.75, (0.25, 0.75))),
        (
            [{"label": "POSITIVE", "score": 0.75}, {"label": "NEGATIVE", "score": 0.25}],
            Answer("POSITIVE", 0.75, (0.25, 0.75)),
        ),
        (
            {"sentiment": "NEGATIVE", "confidence": 0.25, "probabilities": [0.25, 0.75], "prediction_id": ID},
            Answer("NEGATIVE", 0.25, (0.25, 0.75), uuid.UUID(ID)),
        ),
    ],
)
def test_an_entry_of_a_reply_is_read_with_the_classes_of_the_settings(entry, answer):
    assert read_answer(entry, CLASSES) == answer


@pytest.mark.parametrize(
    ("entry", "answer"),
    [
        (1, Answer("1", None, ())),
        ([0.25, 0.75], Answer("1", 0.75, (0.25, 0.75))),
        ({"b": 0.75, "a": 0.25}, Answer("b", 0.75, (0.25, 0.75))),
        ([{"label": "b", "score": 0.5}, {"label": "a", "score": 0.25}], Answer("b", 0.5, ())),
        (
            {"sentiment": "b", "confidence": 0.75, "probabilities": {"b": 0.75, "a": 0.25}},
            Answer("b", 0.75, (0.75, 0.25)),
        ),
    ],
)
def test_an_entry_of_a_reply_is_read_without_knowing_the_classes(entry, answer):
    assert read_answer(entry, ()) == answer


@pytest.mark.parametrize(
    "entry",
    [
        None,
        "",
        " ",
        "x" * 300,
        3.5,
        -0.5,
        [],
        [1.5, 2.5],
        [0.5, 0.6],
        [-1.0, 2.0],
        [[0.5, 0.5], [0.5, 0.5]],
        {},
        {"a": 1},
        {"label": None},
        {"label": "a", "score": 7},
        {"probabilities": "all"},
        {"probabilities": {}},
    ],
)
def test_what_is_no_prediction_of_a_class_is_not_taken_for_one(entry):
    with pytest.raises(NoAnswer):
        read_answer(entry, ())


def tensor(name, datatype, data, shape=None, **parameters):
    return {"name": name, "datatype": datatype, "shape": shape or [len(data)], "data": data} | (
        {"parameters": parameters} if parameters else {}
    )


@pytest.mark.parametrize(
    ("outputs", "answers"),
    [
        ([tensor("label", "BYTES", ["a", "b"])], (Answer("a", None, ()), Answer("b", None, ()))),
        ([tensor("predict", "INT64", [1, 0], [2, 1])], (Answer("1", None, ()), Answer("0", None, ()))),
        ([tensor("predict", "FP32", [0.75], [1, 1])], (Answer("1", 0.75, (0.25, 0.75)),)),
        ([tensor("output", "FP32", [[0.25, 0.75]], [1, 2])], (Answer("1", 0.75, (0.25, 0.75)),)),
        ([tensor("output", "BYTES", ['{"label": "a", "score": 0.75}'])], (Answer("a", 0.75, ()),)),
        ([tensor("l", "BYTES", ["a"]), tensor("s", "FP32", [0.75])], (Answer("a", 0.75, ()),)),
        (
            [
                tensor("sentiment", "BYTES", ["b"]),
                tensor("confidence", "FP32", [0.75]),
                tensor("probabilities", "FP32", [0.75, 0.25], [1, 2], classes='["b", "a"]'),
                tensor("prediction_id", "BYTES", [ID]),
            ],
            (Answer("b", 0.75, (0.75, 0.25), uuid.UUID(ID)),),
        ),
    ],
)
def test_outputs_of_v2_are_chosen_by_name_then_by_kind(outputs, answers):
    assert replied_answers({"outputs": outputs}, ()) == answers


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"outputs": []},
        {"predictions": None},
        {"outputs": [tensor("embedding", "FP32", [0.5, 3.0, 2.0], [1, 3])]},
        {"outputs": [tensor("probabilities", "FP32", [0.5, 0.5, 1.0], [2, 2])]},
        {"outputs": [tensor("probabilities", "FP32", ["a", "b"], [1, 2])]},
        {"outputs": [{"name": "label", "datatype": "BYTES"}]},
        {"outputs": ["label"]},
    ],
)
def test_a_reply_without_predictions_of_classes_is_not_taken_for_one(reply):
    with pytest.raises(NoAnswer):
        replied_answers(reply, ())


def test_a_plain_reply_of_our_own_predict_is_read():
    reply = {
        "sentiment": "b",
        "confidence": 0.75,
        "probabilities": {"b": 0.75, "a": 0.25},
        "prediction_id": ID,
    }

    assert replied_answers(reply, ()) == (Answer("b", 0.75, (0.75, 0.25), uuid.UUID(ID)),)
