from __future__ import annotations

import json

import pytest

from benchmarks.serving import wire
from benchmarks.serving.peer_catalogue import PEERS
from benchmarks.serving.workload import texts_of_random_length
from model_server.protocols.v2_request import parse_v2

TEXT = 'Ein "schöner" Film\n\U0001f600'


def split(request: bytes) -> tuple[str, dict[str, str], bytes]:
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    assert int(headers["content-length"]) == len(body)
    return first, headers, body


def test_each_protocol_carries_the_text_unchanged():
    assert json.loads(split(wire.predict(TEXT))[2]) == {"text": TEXT}
    assert json.loads(split(wire.v1(TEXT))[2]) == {"instances": [TEXT]}
    assert parse_v2(split(wire.v2(TEXT))[2], json_length=None).texts == [TEXT]


def test_the_binary_form_is_one_that_the_servers_own_parser_reads():
    first, headers, body = split(wire.v2_binary(TEXT))
    request = parse_v2(body, json_length=headers["inference-header-content-length"])

    assert first == "POST /v2/models/sentiment/infer HTTP/1.1"
    assert (request.texts, request.all_binary) == ([TEXT], True)


def test_random_texts_are_the_same_for_the_same_seed_and_of_every_length():
    words = [f"word{i}" for i in range(1000)]
    texts = texts_of_random_length(words, seed=3)
    some = [next(texts) for _ in range(500)]
    again = texts_of_random_length(words, seed=3)

    assert some == [next(again) for _ in range(500)]
    lengths = sorted(len(text.split()) for text in some)
    assert (lengths[0], lengths[-1] <= 200, lengths[-1] > 150) == (1, True, True)
    # Log-uniform: half of the texts have at most the square root of 200 words.
    assert 10 <= lengths[250] <= 20


REPLIES = {
    "mlserver": {"outputs": [{"data": ['{"label": "POSITIVE", "score": 0.9}']}]},
    "litserve": {"label": "POSITIVE", "score": 0.9},
    "bentoml": [{"label": "POSITIVE", "score": 0.9}],
    "infinity": {"data": [[{"label": "NEGATIVE", "score": 0.1}, {"label": "POSITIVE", "score": 0.9}]]},
}


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_a_peers_reply_is_read_so_that_its_labels_can_be_compared(peer):
    assert peer.label(REPLIES[peer.environment]) == "POSITIVE"
    assert TEXT in json.dumps(peer.body(TEXT), ensure_ascii=False).replace('\\"', '"').replace("\\n", "\n")
