import pytest

from model_server.collector.asked import asked_texts
from model_server.collector.inference_json import NotInference


@pytest.mark.parametrize(
    ("request_", "texts"),
    [
        ({"instances": ["a", "b"]}, ("a", "b")),
        ({"instances": [{"text": "a"}, ["b"], [["c"]]]}, ("a", "b", "c")),
        ({"instances": [{"review": "a", "stars": 3}, {"x": "a", "y": "b"}]}, ("a", None)),
        ({"instances": [[1.0, 2.0], [3.0, 4.0]]}, (None, None)),
        ({"inputs": ["a"]}, ("a",)),
        ({"inputs": "a", "parameters": {}}, ("a",)),
        ({"text": "a"}, ("a",)),
        (
            {"inputs": [{"name": "text", "datatype": "BYTES", "shape": [2, 1], "data": [["a"], ["b"]]}]},
            ("a", "b"),
        ),
        (
            {
                "inputs": [
                    {"name": "language", "datatype": "BYTES", "shape": [1], "data": ["en"]},
                    {"name": "text", "datatype": "BYTES", "shape": [1], "data": ["a"]},
                ]
            },
            ("a",),
        ),
        (
            {"inputs": [{"name": "x", "datatype": "FP32", "shape": [2, 2], "data": [1, 2, 3, 4]}]},
            (None, None),
        ),
        ({"inputs": [{"name": "x", "datatype": "FP32", "shape": [10**9, 2], "data": [1, 2]}]}, (None, None)),
    ],
)
def test_each_input_has_its_text_or_none(request_, texts):
    assert asked_texts(request_) == texts


@pytest.mark.parametrize("request_", [{}, {"data": "a"}])
def test_a_request_of_no_known_shape_is_said_to_be_one(request_):
    with pytest.raises(NotInference):
        asked_texts(request_)
