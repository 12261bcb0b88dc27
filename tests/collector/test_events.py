"""Events of any InferenceService become rows of the prediction log, each once."""

import base64
import gzip
import json
import struct
import uuid
from datetime import UTC, datetime

import pytest

from model_server.collector.event_ids import prediction_id

from .conftest import event, v1_reply, v1_request, v2_tensor, wait_until

ROWS = """
SELECT prediction_id::text, input_text, predicted_sentiment, confidence_score, probabilities
FROM prediction_logs ORDER BY input_text
"""
NOBODY = "SELECT count(*) FROM event_halves"


def id_of(event_id, index=0):
    return str(prediction_id("sentiment", "predictor", event_id=event_id, index=index))


def test_a_request_and_its_response_become_a_row_that_says_all_that_the_events_say(collector, query):
    reply = v1_reply({"label": "POSITIVE", "score": 0.9})

    collector.send_pair("a-1", v1_request("a fine film"), reply)

    columns = (
        "prediction_id::text, predicted_at, deployment_id, model_name, model_version, source, "
        "predicted_sentiment, input_text, confidence_score, probabilities, embedding, latency_ms, segment"
    )
    assert query(f"SELECT {columns} FROM prediction_logs", count=1) == [
        (
            id_of("a-1"),
            datetime(2026, 3, 4, 12, 30, 0, 123456, tzinfo=UTC),
            "sentiment",
            "sentiment",
            "",
            "cloudevent",
            "POSITIVE",
            "a fine film",
            0.9,
            [],
            None,
            40.0,
            {},
        )
    ]


def test_many_inputs_of_a_request_become_many_rows_with_ids_of_their_own(collector, query):
    texts, reply = v1_request("a", "b", "c"), v1_reply([0.25, 0.75], [0.5, 0.5], [1.0, 0.0])

    collector.send_pair("batch", texts, reply)

    assert query(ROWS, count=3) == [
        (id_of("batch", 0), "a", "1", 0.75, [0.25, 0.75]),
        (id_of("batch", 1), "b", "0", 0.5, [0.5, 0.5]),
        (id_of("batch", 2), "c", "0", 1.0, [1.0, 0.0]),
    ]


@pytest.mark.parametrize("first", ["request", "response"])
def test_the_order_of_the_halves_does_not_matter(collector, query, first):
    second = {"request": "response", "response": "request"}[first]
    bodies = {"request": v1_request("a"), "response": v1_reply("GOOD")}

    collector.send(event(first, "1"), bodies[first])
    query("SELECT 1 FROM event_halves", count=1)
    collector.send(event(second, "1"), bodies[second])

    assert query(ROWS, count=1) == [(id_of("1"), "a", "GOOD", None, [])]
    assert query(NOBODY) == [(0,)]


def test_events_that_are_sent_again_make_no_second_row_and_no_orphan(collector, query):
    for _ in range(3):
        collector.send_pair("1", v1_request("a"), v1_reply("GOOD"))
        query(ROWS, count=1)
    collector.send(event("request", "1"), v1_request("a"))
    collector.send_pair("2", v1_request("b"), v1_reply("GOOD"))

    assert [row[1] for row in query(ROWS, count=2)] == ["a", "b"]
    assert query("SELECT 1 FROM event_halves", count=0) == []
    assert query("SELECT * FROM event_orphans") == []


def test_an_event_in_structured_mode_is_taken_too(collector, query):
    for kind, data in (
        ("request", {"instances": ["a"]}),
        ("response", {"predictions": ["GOOD"]}),
    ):
        attributes = {
            name.removeprefix("ce-"): value for name, value in event(kind, "1").items() if "ce-" in name
        }
        body = json.dumps({**attributes, "data": data}).encode()
        answer = collector.send(
            {"content-type": "application/cloudevents+json; charset=utf-8"}, body, "/events"
        )
        assert answer.status_code == 200

    assert query(ROWS, count=1) == [(id_of("1"), "a", "GOOD", None, [])]


def test_a_batch_of_structured_events_is_taken_whole(collector, query):
    bodies = {"request": v1_request("a"), "response": v1_reply("GOOD")}
    events = [
        {
            **{
                name.removeprefix("ce-"): value
                for name, value in event(kind, str(number)).items()
                if "ce-" in name
            },
            "data_base64": base64.b64encode(body).decode(),
        }
        for number in range(5)
        for kind, body in bodies.items()
    ]

    answer = collector.send(
        {"content-type": "application/cloudevents-batch+json"}, json.dumps(events).encode()
    )

    assert answer.status_code == 200
    assert len(query(ROWS, count=5)) == 5


def test_v2_tensors_in_json_are_read_with_the_version_that_the_reply_tells(collector, query):
    request = {"inputs": [v2_tensor("text", "BYTES", ["a", "b"])]}
    probabilities = v2_tensor("probabilities", "FP32", [0.75, 0.25, 0.5, 0.5], [2, 2])
    reply = {
        "model_name": "m",
        "model_version": "7",
        "outputs": [v2_tensor("label", "BYTES", ["NEGATIVE", "POSITIVE"]), probabilities],
    }

    collector.send_pair("1", json.dumps(request).encode(), json.dumps(reply).encode())

    assert [row[1:] for row in query(ROWS, count=2)] == [
        ("a", "NEGATIVE", 0.75, [0.75, 0.25]),
        ("b", "POSITIVE", 0.5, [0.5, 0.5]),
    ]
    assert query("SELECT DISTINCT model_version FROM prediction_logs") == [("7",)]


@pytest.mark.parametrize("told", [True, False], ids=["length told", "length not told, as by KServe"])
def test_v2_tensors_in_binary_form_are_read(collector, query, told):
    texts = b"".join(struct.pack("<I", len(text)) + text for text in (b"a", "b\u00e9".encode()))
    request = _binary({"inputs": [_raw("text", "BYTES", [2], texts)]}, texts)
    numbers = struct.pack("<4f", 0.75, 0.25, 0.5, 0.5)
    reply = _binary({"outputs": [_raw("probabilities", "FP32", [2, 2], numbers)]}, numbers)

    for kind, (body, length) in (("request", request), ("response", reply)):
        headers = event(kind, "1") | ({"inference-header-content-length": str(length)} if told else {})
        assert collector.send(headers, body).status_code == 200

    assert [row[1:] for row in query(ROWS, count=2)] == [
        ("a", "0", 0.75, [0.75, 0.25]),
        ("b\u00e9", "0", 0.5, [0.5, 0.5]),
    ]


def _raw(name, datatype, shape, data):
    return {"name": name, "datatype": datatype, "shape": shape, "parameters": {"binary_data_size": len(data)}}


def _binary(head, tail):
    encoded = json.dumps(head).encode()
    return encoded + tail, len(encoded)


def test_ids_of_our_own_predictor_are_kept(collector, query):
    given = str(uuid.uuid4())
    answer = {
        "sentiment": "POSITIVE",
        "confidence": 0.75,
        "probabilities": {"POSITIVE": 0.75, "NEGATIVE": 0.25},
        "prediction_id": given,
    }

    collector.send_pair("1", v1_request("a"), v1_reply(answer))

    assert query(ROWS, count=1) == [(given, "a", "POSITIVE", 0.75, [0.75, 0.25])]


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "not declared, as by KServe"])
def test_gzip_is_unpacked(collector, query, declared):
    extra = {"content-encoding": "gzip"} if declared else {}
    for kind, body in (("request", v1_request("a")), ("response", v1_reply("GOOD"))):
        assert collector.send(event(kind, "1") | extra, gzip.compress(body)).status_code == 200

    assert query(ROWS, count=1) == [(id_of("1"), "a", "GOOD", None, [])]


def test_a_missing_content_type_and_a_body_of_megabytes_are_fine(collector, query):
    long = "many words " * 300_000
    headers = {name: value for name, value in event("request", "1").items() if name != "content-type"}

    collector.send(headers, v1_request(long))
    collector.send(event("response", "1"), v1_reply("GOOD"))

    assert query(ROWS, count=1) == [(id_of("1"), long[:20_000], "GOOD", None, [])]


def test_the_segment_and_version_are_taken_from_headers_that_the_logger_passes_on(collector, query):
    metadata = json.dumps({"X-Modelmonitor-Segment": ["language=en"], "X-Model-Version": ["9"]})

    collector.send_pair("1", v1_request("a"), v1_reply("GOOD"), metadata=metadata)

    assert query("SELECT segment, model_version FROM prediction_logs", count=1) == [({"language": "en"}, "9")]


def test_classes_of_the_settings_name_the_numbers_of_a_reply(start, database_url, query):
    collector = start(database_url=database_url, classes='{"sentiment": ["NEGATIVE", "POSITIVE"]}')

    collector.send_pair("1", v1_request("a", "b", "c"), v1_reply(1, 0.25, [0.5, 0.5]))

    assert [row[1:] for row in query(ROWS, count=3)] == [
        ("a", "POSITIVE", None, [0.0, 1.0]),
        ("b", "NEGATIVE", 0.75, [0.75, 0.25]),
        ("c", "NEGATIVE", 0.5, [0.5, 0.5]),
    ]


def test_services_of_one_name_in_two_namespaces_can_be_kept_apart(start, database_url, query):
    collector = start(database_url=database_url, deployment_ids="namespace/name")

    for namespace in ("ml", "test"):
        collector.send_pair("1", v1_request("a"), v1_reply("GOOD"), namespace=namespace)

    names = query("SELECT deployment_id FROM prediction_logs ORDER BY 1", count=2)
    assert names == [("ml/sentiment",), ("test/sentiment",)]


@pytest.mark.parametrize(
    ("policy", "kept"),
    [("hash", "sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"), ("drop", None)],
)
def test_a_text_that_must_not_be_kept_reaches_neither_database_nor_disk(
    start, database_url, query, policy, kept
):
    quiet = start(input=policy)
    quiet.send(event("request", "1"), v1_request("unforgettable"))
    quiet.send(event("request", "2"), b"unforgettable, and no JSON")
    assert all(b"unforgettable" not in path.read_bytes() for path in quiet.spool.iterdir())

    collector = start(database_url=database_url, input=policy)
    collector.send_pair("1", v1_request("a"), v1_reply("GOOD"))
    collector.send(event("request", "2"), b"a, and no JSON")

    assert [row[1] for row in query(ROWS, count=1)] == [kept]
    assert query("SELECT body FROM event_dead_letters", count=1) == [(None,)]


def test_a_request_without_response_is_an_orphan_after_the_time_out_and_still_joined_when_it_comes(
    start, database_url, query
):
    collector = start(database_url=database_url, orphan_after_s=0.3, sweep_interval_s=0.1)

    collector.send(event("request", "1"), v1_request("a"))
    collector.send(event("response", "2"), v1_reply("GOOD"))

    columns = "deployment_id, component, event_id, kind, input_texts"
    assert query(f"SELECT {columns} FROM event_orphans ORDER BY event_id", count=2) == [
        ("sentiment", "predictor", "1", "request", ["a"]),
        ("sentiment", "predictor", "2", "response", None),
    ]
    wait_until(
        lambda: collector.metrics()['modelmonitor_collector_orphaned_events_total{kind="request"}'] == 1
    )
    collector.send(event("response", "1"), v1_reply("GOOD"))
    assert query(ROWS, count=1) == [(id_of("1"), "a", "GOOD", None, [])]
    assert [row[2] for row in query(f"SELECT {columns} FROM event_orphans", count=1)] == ["2"]


def test_orphans_and_unreadable_bodies_are_forgotten_in_time(start, database_url, query):
    collector = start(
        database_url=database_url, orphan_after_s=0.1, sweep_interval_s=0.1, keep_orphans_days=0.00001
    )

    collector.send(event("request", "1"), b"no JSON")
    query("SELECT 1 FROM event_dead_letters", count=1)

    assert query("SELECT 1 FROM event_halves", count=0) == []
    assert query("SELECT 1 FROM event_dead_letters", count=0) == []


def test_a_body_that_is_no_json_is_kept_aside_and_counted_and_a_readable_reply_still_counts(collector, query):
    image = bytes(range(256))

    collector.send_pair("1", image, v1_reply("CAT"), time="")
    collector.send_pair("2", v1_request("a"), b"<html>")

    columns = "event_id, kind, reason, content_type, body_bytes, body"
    letters = query(f"SELECT {columns} FROM event_dead_letters ORDER BY event_id", count=2)
    assert [(*letter[:5], bytes(letter[5])) for letter in letters] == [
        ("1", "request", "it is not JSON", "application/json", 256, image),
        ("2", "response", "it is not JSON", "application/json", 6, b"<html>"),
    ]
    assert [row[1:3] for row in query(ROWS, count=1)] == [(None, "CAT")]
    assert query(NOBODY) == [(0,)]
    counted = collector.metrics()
    assert [
        counted[f'modelmonitor_collector_unreadable_events_total{{kind="{kind}"}}']
        for kind in ("request", "response")
    ] == [1, 1]


def test_what_postgresql_cannot_hold_is_repaired(collector, query):
    collector.send_pair("1", v1_request("a\x00b"), v1_reply({"label": "GO\x00OD", "score": 0.5}))

    assert [row[1:4] for row in query(ROWS, count=1)] == [("a\ufffdb", "GO\ufffdOD", 0.5)]


def test_halves_that_reach_two_collectors_are_joined(start, database_url, query):
    one, two = start(database_url=database_url), start(database_url=database_url)
    count = 60

    for number in range(count):
        first, second = (one, two) if number % 2 else (two, one)
        first.send(event("request", str(number)), v1_request(f"text {number}"))
        second.send(event("response", str(number)), v1_reply("GOOD"))

    assert len(query(ROWS, count=count)) == count
    assert query(NOBODY) == [(0,)]


def test_an_event_without_a_time_gets_the_time_at_which_it_came(collector, query):
    collector.send_pair("1", v1_request("a"), v1_reply("GOOD"), time="")

    [(at, latency)] = query("SELECT predicted_at, latency_ms FROM prediction_logs", count=1)

    assert abs((datetime.now(UTC) - at).total_seconds()) < 60
    assert latency >= 0
