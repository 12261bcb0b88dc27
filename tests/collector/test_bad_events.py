"""What is no event of an inference is refused with a sentence, and nothing of it is kept."""

import json

import pytest

from modelmonitor.metrics import COLLECTOR_METRICS

from .conftest import event, v1_request

STRUCTURED = {"content-type": "application/cloudevents+json"}
BATCH = {"content-type": "application/cloudevents-batch+json"}


def without(name):
    return {key: value for key, value in event("request", "1").items() if key != f"ce-{name}"}


@pytest.mark.parametrize(
    ("headers", "body", "words"),
    [
        (
            without("id"),
            v1_request("a"),
            'the request has no CloudEvents attribute "id"; send the header ce-id',
        ),
        (without("type"), v1_request("a"), 'the request has no CloudEvents attribute "type"'),
        (without("inferenceservicename"), v1_request("a"), "the event names no InferenceService; send the"),
        (event("request", "1", type="order.paid"), v1_request("a"), "the CloudEvent is not of an inference;"),
        (event("request", "x" * 513), v1_request("a"), 'the CloudEvents attribute "id" is longer than 512'),
        (STRUCTURED, b"{", "the CloudEvent is not valid JSON: "),
        (STRUCTURED, b"[]", "a CloudEvent in structured mode must be a JSON object with id, type and data."),
        (STRUCTURED, b'{"id": 1}', 'the attribute "id" of the CloudEvent must be a string.'),
        (STRUCTURED, b'{"id": "1", "type": "t", "data_base64": "?"}', 'the attribute "data_base64" of the'),
        (BATCH, b"{}", "a batch of CloudEvents must be a JSON list; send [{"),
        (BATCH, b'[{"id": "1"}]', 'the request has no CloudEvents attribute "type"'),
    ],
)
def test_it_is_refused_with_cause_and_fix(collector, query, headers, body, words):
    answer = collector.send(headers, body)

    assert answer.status_code == 400
    assert answer.json()["error"].startswith(words)
    assert collector.metrics()['api_errors_total{endpoint="/",error_type="invalid_request"}'] == 1
    assert query("SELECT count(*) FROM event_halves") == [(0,)]


def test_a_setting_names_the_deployment_of_events_that_name_none(start, database_url, query):
    collector = start(database_url=database_url, deployment_id="reviews")

    assert collector.send(without("inferenceservicename"), v1_request("a")).status_code == 200

    assert query("SELECT deployment_id FROM event_halves", count=1) == [("reviews",)]


@pytest.mark.parametrize("depth", [500, 100_000])
def test_json_that_is_nested_without_end_is_survived(collector, depth):
    nested = b"[" * depth + b"]" * depth
    body = b'{"inputs": [{"name": "text", "datatype": "BYTES", "data": %s}]}' % nested

    assert collector.send(event("request", "1"), body).status_code == 200
    assert collector.send(event("response", "1"), b'{"predictions": %s}' % nested).status_code == 200
    assert collector.send(STRUCTURED, nested).status_code == 400


def test_every_metric_is_exposed_under_its_name(collector):
    collector.send(event("request", "1"), json.dumps({}).encode())
    exposed = set(collector.metrics())

    suffix = {"histogram": "_count", "counter": "", "gauge": ""}
    missing = [
        metric.name
        for metric in COLLECTOR_METRICS
        if not any(name.split("{")[0] == metric.name + suffix[metric.kind] for name in exposed)
    ]
    assert missing == []
