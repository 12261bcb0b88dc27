"""Alertmanager's webhook: one row an alert and start, in whatever order its messages come."""

import itertools
import json

import pytest

ROWS = """
SELECT fingerprint, to_char(starts_at AT TIME ZONE 'UTC', 'HH24:MI'),
       to_char(ends_at AT TIME ZONE 'UTC', 'HH24:MI'), alertname, severity, labels, annotations
FROM monitoring_alerts ORDER BY 2
"""
LABELS = {"alertname": "ModelDriftDetected", "severity": "critical", "modelmonitor": "sentiment"}


def alert(status, *, starts="12:00", ends="00:00", fingerprint="c0ffee"):
    day = "2026-03-04" if status == "resolved" else "0001-01-01"
    return {
        "status": status,
        "labels": LABELS,
        "annotations": {"summary": "Reviews became tweets."},
        "startsAt": f"2026-03-04T{starts}:00.123Z",
        "endsAt": f"{day}T{ends}:00Z",
        "generatorURL": "http://prometheus/graph",
        "fingerprint": fingerprint,
    }


def message(*alerts):
    return {
        "version": "4",
        "groupKey": "{}:{}",
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "modelmonitor",
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager",
        "alerts": list(alerts),
    }


def post(collector, content):
    with collector.client() as http:
        return http.post("/alerts", json=content)


NEWS = (alert("firing"), alert("resolved", ends="12:30"), alert("firing", starts="13:00"))


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_firing_and_resolved_make_one_row_a_start_in_any_order(collector, query, order):
    for number in (*order, *order):
        answer = post(collector, message(NEWS[number]))
        assert (answer.status_code, answer.json()) == (200, {"alerts": 1, "stored": "spooled"})

    same = ("ModelDriftDetected", "critical", LABELS, {"summary": "Reviews became tweets."})
    query("SELECT 1 FROM monitoring_alerts WHERE ends_at IS NOT NULL", count=1)
    assert query(ROWS, count=2) == [
        ("c0ffee", "12:00", "12:30", *same),
        ("c0ffee", "13:00", None, *same),
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            {"version": "3", "alerts": []},
            'the body is no message of Alertmanager\'s webhook; its "version" must be "4".',
        ),
        ([], 'the body is no message of Alertmanager\'s webhook; its "version" must be "4".'),
        ({"version": "4"}, 'the field "alerts" must be a list, got null.'),
        (message("firing"), "alerts[0] must be an object, got a string."),
        (message(alert("burning")), "alerts[0].status must be firing or resolved."),
        (
            message(alert("firing", starts="noon")),
            "alerts[0].startsAt must be a time like 2026-03-01T12:00:00Z.",
        ),
        (
            message(alert("firing"), alert("resolved", ends="late")),
            "alerts[1].endsAt must be a time like 2026-03-01T12:00:00Z.",
        ),
        (message({**alert("firing"), "labels": {"a": 1}}), "alerts[0].labels must be an object of strings."),
        (
            message(alert("firing", fingerprint="")),
            "alerts[0].fingerprint must be a string; Alertmanager sends it since version 0.20.",
        ),
    ],
)
def test_what_is_no_message_of_version_4_is_refused_with_the_field(collector, query, content, sentence):
    answer = post(collector, content)

    assert (answer.status_code, answer.json()) == (400, {"error": sentence})
    assert query(ROWS) == []


def test_a_body_that_is_no_json_is_refused_with_its_place(collector):
    with collector.client() as http:
        answer = http.post("/alerts", content=json.dumps(message())[:-1].encode())

    assert answer.status_code == 400
    assert answer.json()["error"].startswith("the body is not valid JSON: ")
