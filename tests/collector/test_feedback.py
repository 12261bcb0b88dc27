"""Labels: every format, late or early, again or corrected, and every way to get them wrong."""

import gzip
import json
import uuid

import pytest

from .conftest import event, v1_reply, v1_request

LABELS = "SELECT prediction_id::text, label, source FROM feedback ORDER BY label"
ONE, TWO = str(uuid.UUID(int=1)), str(uuid.UUID(int=2))
CSV = f"prediction_id,label,source\n{ONE},BAD,Ann\n{TWO},GOOD,\n"
NDJSON = (
    f'{{"prediction_id": "{ONE}", "label": "BAD", "source": "Ann"}}\n\n'
    f'{{"prediction_id": "{TWO}", "label": "GOOD"}}'
)
ARRAY = json.dumps([json.loads(line) for line in NDJSON.splitlines() if line])
FORM = "application/x-www-form-urlencoded"


def post(collector, body, content_type="application/json", **headers):
    with collector.client() as http:
        content = body if isinstance(body, bytes) else body.encode()
        return http.post("/feedback", content=content, headers={"content-type": content_type, **headers})


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (ARRAY, "application/json; charset=utf-8"),
        (NDJSON, "application/x-ndjson"),
        (CSV, "text/csv"),
        (ARRAY, FORM),
        (NDJSON, FORM),
        (CSV, FORM),
        ("\ufeff" + CSV.replace("\n", "\r\n"), ""),
        (NDJSON, "application/json"),
    ],
)
def test_every_format_is_taken_by_content_type_or_by_its_look(collector, query, body, content_type):
    answer = post(collector, body, content_type)

    assert (answer.status_code, answer.json()) == (202, {"labels": 2, "stored": "spooled"})
    assert query(LABELS, count=2) == [(ONE, "BAD", "Ann"), (TWO, "GOOD", "feedback")]


def test_a_label_by_event_id_finds_its_row_whichever_comes_first(collector, query):
    labels = [
        {"event_id": "1", "deployment_id": "sentiment", "index": index, "label": label}
        for index, label in ((0, "EARLY"), (1, "LATE"))
    ]
    assert post(collector, json.dumps(labels[0])).status_code == 202
    query(LABELS, count=1)
    collector.send_pair("1", v1_request("a", "b"), v1_reply("GOOD", "GOOD"))
    query("SELECT 1 FROM prediction_logs", count=2)
    assert post(collector, json.dumps(labels[1])).status_code == 202

    joined = "SELECT input_text, label FROM prediction_logs JOIN feedback USING (prediction_id) ORDER BY 1"
    assert query(joined, count=2) == [("a", "EARLY"), ("b", "LATE")]


def test_the_last_label_counts_the_history_stays_and_repeats_change_nothing(collector, query):
    history = [
        ("WRONG", "2026-03-01T12:00:00Z"),
        ("RIGHT", "2026-03-03T12:00:00+01:00"),
        ("OLD", "2026-03-02T12:00:00Z"),
    ]
    for label, at in history * 2:
        body = json.dumps({"prediction_id": ONE, "label": label, "labelled_at": at})
        assert post(collector, body).status_code == 202

    assert len(query("SELECT 1 FROM feedback_history", count=3)) == 3
    assert query(LABELS, count=1) == [(ONE, "RIGHT", "feedback")]


def test_a_large_packed_csv_is_taken(collector, query):
    ids = [str(uuid.uuid4()) for _ in range(20_000)]
    lines = "".join(f"{each},GOOD\n" for each in ids)

    answer = post(collector, gzip.compress(f"prediction_id,label\n{lines}".encode()), "text/csv")

    assert answer.json() == {"labels": 20_000, "stored": "spooled"}
    found = query("SELECT prediction_id::text FROM feedback", count=20_000)
    assert {each for (each,) in found} == set(ids)


def lines_of(answer):
    assert answer.status_code == 400, answer.text
    return [(each["line"], each["error"]) for each in answer.json()["lines"]]


def test_wrong_lines_are_named_and_none_of_the_request_is_taken(collector, query):
    labels = [
        {"prediction_id": ONE, "label": "GOOD"},
        {"prediction_id": "1", "label": "GOOD"},
        {"prediction_id": ONE, "label": " "},
        {"prediction_id": ONE, "lable": "GOOD"},
        {"prediction_id": ONE, "event_id": "1", "label": "GOOD"},
        {"event_id": "1", "label": "GOOD"},
        {"event_id": "1", "deployment_id": "s", "index": -1, "label": "GOOD"},
        {"prediction_id": ONE, "label": "GOOD", "labelled_at": "yesterday"},
        {"prediction_id": ONE, "label": "GOOD", "labelled_at": "2026-03-01T12:00:00"},
        {"prediction_id": ONE, "label": "GOOD", "labelled_at": "9999-03-01T12:00:00Z"},
        {"prediction_id": ONE, "label": ["GOOD"]},
        "GOOD",
        None,
    ]

    answer = post(collector, json.dumps(labels))

    assert lines_of(answer) == [
        (2, "prediction_id is not a UUID, as predictions return it"),
        (3, "label must be the name of a class"),
        (4, 'there is no field "lable", did you mean label'),
        (5, "give either prediction_id, or event_id with deployment_id and index"),
        (6, "a label by event_id needs deployment_id too, the name of the InferenceService"),
        (7, "index must be a whole number from 0, the place of the input in its request"),
        (8, "labelled_at must be a time like 2026-03-01T12:00:00Z"),
        (9, "labelled_at has no time zone; write it like 2026-03-01T12:00:00Z"),
        (10, "labelled_at lies in the future"),
        (11, "label must be the name of a class"),
        (12, "a label must be an object, got a string"),
        (13, "a label must be an object, got null"),
    ]
    assert answer.json()["error"] == (
        "12 of 13 labels cannot be taken, so none was: correct them and send all again."
    )
    collector.send(event("request", "1"), v1_request("a"))
    query("SELECT 1 FROM event_halves", count=1)
    assert query(LABELS) == []


def test_line_numbers_are_those_of_the_file(collector):
    assert lines_of(post(collector, f"{NDJSON}\n{{]", "application/x-ndjson")) == [
        (4, "not valid JSON: unexpected character, expected a string key at column 2")
    ]
    multiline = f'prediction_id,label\n{ONE},"two\nlines"\n{TWO},\n'
    assert lines_of(post(collector, multiline, "text/csv")) == [(4, "label must be the name of a class")]


@pytest.mark.parametrize(
    ("body", "content_type", "sentence"),
    [
        ("", "", 'the body is empty; send labels like {"prediction_id": "…", "label": "POSITIVE"}.'),
        (b"\xff\xfe", "text/csv", "the body is not UTF-8; save the file as UTF-8 and send it again."),
        ("[]", "", 'the request holds no label; send {"prediction_id": "…", "label": "POSITIVE"}.'),
        (
            f"{ONE},GOOD",
            "text/csv",
            (
                "the first line of the CSV must name its columns, with label and prediction_id (or event_id, "
                "deployment_id and index) among them."
            ),
        ),
        (b"\x1f\x8bnonsense", "", "the body is damaged gzip; send it again, or as it is."),
        (gzip.compress(b"x" * 100)[:-9], "", "the body is gzip that ends too early; send all of it."),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_with_cause_and_fix(collector, body, content_type, sentence):
    answer = post(collector, body, content_type)

    assert (answer.status_code, answer.json()) == (400, {"error": sentence})


def test_more_labels_than_allowed_are_refused(start):
    answer = post(start(max_labels=1), ARRAY)

    assert (answer.status_code, answer.json()) == (
        400,
        {"error": "the request holds 2 labels and 1 are allowed; send them in several."},
    )


def test_nothing_that_was_sent_is_in_the_log(collector):
    secret = "unforgettable"
    for path in ("/", "/feedback", "/alerts"):
        for body in (secret, json.dumps({secret: secret}), json.dumps([secret])):
            with collector.client() as http:
                http.post(path, content=body.encode(), headers=event("request", secret))
    collector.send(event("response", "1", type=secret), v1_reply(secret))

    assert collector.terminate() == 0
    assert secret not in collector.log()
