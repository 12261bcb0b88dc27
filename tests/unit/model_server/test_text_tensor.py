"""Texts are found in a V2 tensor however the client packed them."""

from __future__ import annotations

import struct

import pytest

from model_server.errors import InvalidRequest
from model_server.protocols.text_tensor import TextTensor, select_input, texts_of


def framed(*texts: str) -> bytes:
    return b"".join(struct.pack("<I", len(text.encode())) + text.encode() for text in texts)


@pytest.mark.parametrize(
    ("tensor", "texts"),
    [
        (TextTensor("text", "BYTES", (2,), data=["a", "b"]), ["a", "b"]),
        (TextTensor("text", "BYTES", (2,), data=[b"a", "ü".encode()]), ["a", "ü"]),
        (TextTensor("text", "BYTES", (2, 1), data=[["a"], ["b"]]), ["a", "b"]),
        (TextTensor("text", "BYTES", (1, 2), data=[["a", "b"]]), ["a", "b"]),
        (TextTensor("text", "BYTES", (2, 1), data=["a", "b"]), ["a", "b"]),
        (TextTensor("text", "BYTES", (2,), raw=framed("ü", "bc")), ["ü", "bc"]),
        (TextTensor("text", "BYTES", (1,), data="a"), ["a"]),
        (TextTensor("text", "BYTES", (1,), data=[7]), [7]),
        (TextTensor("text", "BYTES", (0,), data=[]), []),
    ],
)
def test_the_texts_come_out_in_order(tensor: TextTensor, texts: list[object]) -> None:
    assert texts_of(tensor) == texts


@pytest.mark.parametrize(
    ("tensor", "problem"),
    [
        (TextTensor("text", "INT64", (1,), data=[1]), "datatype INT64"),
        (TextTensor("text", "BYTES", (3,), data=["a"]), r"shape \[3\] but 1 texts"),
        (TextTensor("text", "BYTES", (-1,), data=["a"]), r"shape \[-1\] but 1 texts"),
        (TextTensor("text", "BYTES", (1,), data=[b"\xff"]), "not UTF-8"),
        (TextTensor("text", "BYTES", (1,), raw=b"\x05\x00\x00\x00ab"), "ends within a text"),
        (TextTensor("text", "BYTES", (1,), raw=b"\x05\x00"), "ends within a text"),
    ],
)
def test_what_cannot_be_read_is_named(tensor: TextTensor, problem: str) -> None:
    with pytest.raises(InvalidRequest, match=problem):
        texts_of(tensor)


def test_lists_nested_deeper_than_python_recurses_are_read() -> None:
    data: object = "deep"
    for _ in range(5000):
        data = [data]

    assert texts_of(TextTensor("text", "BYTES", (1,), data=data)) == ["deep"]


def test_the_only_input_may_have_any_name() -> None:
    only = TextTensor("input-0", "BYTES", (1,), data=["a"])

    assert select_input([only]) is only


def test_of_several_inputs_the_one_named_text_is_taken() -> None:
    other, text = (
        TextTensor("lang", "BYTES", (1,), data=["en"]),
        TextTensor("text", "BYTES", (1,), data=["a"]),
    )

    assert select_input([other, text]) is text
    with pytest.raises(InvalidRequest, match="none is named"):
        select_input([other, other])
    with pytest.raises(InvalidRequest, match="no inputs"):
        select_input([])
