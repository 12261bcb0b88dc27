"""The first ModelMonitor: always one that a cluster accepts, whatever it was made from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelmonitor.api.load import load_monitor
from modelmonitor.cli.errors import WrongInput
from modelmonitor.cli.first_monitor import Beginning, capture_of, first_monitor, object_name
from modelmonitor.cli.past_predictions import PastPredictions, read_past_predictions

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
CSV = """\
predicted_at,model_name,confidence_score,label
2026-01-01T00:00:00Z,Sentiment v2,0.9,
2026-01-03 12:00:00,Sentiment v2,0.7,POSITIVE
"""


def test_a_csv_tells_its_span_confidence_labels_and_model():
    assert read_past_predictions(CSV, source="past.csv") == PastPredictions(
        rows=2,
        first=FIRST,
        last=FIRST + timedelta(days=2, hours=12),
        confidence=0.8,
        labelled=True,
        model="Sentiment v2",
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a,b\n1,2\n", "past.csv has no column of times: name one of predicted_at"),
        ("predicted_at\n", "past.csv holds no predictions"),
        ("predicted_at\nsoon\n", "past.csv, line 2: 'soon' is not a time"),
        ("time,score\n2026-01-01,7\n", "past.csv, line 2: '7' is not a confidence from 0 to 1"),
        ("", "past.csv has no column of times"),
    ],
)
def test_a_wrong_csv_is_told_with_its_line(text, sentence):
    with pytest.raises(WrongInput, match="^" + sentence.replace(".", r"\.")):
        read_past_predictions(text, source="past.csv")


def test_the_monitor_of_a_csv_has_its_window_and_its_confidence():
    past = read_past_predictions(CSV, source="past.csv")
    text = first_monitor(Beginning("sentiment", "inferenceService", "predictor", past=past))

    monitor = load_monitor(text, source="init")

    window = monitor.spec.reference.window
    assert (window.from_, window.to) == ("2026-01-01T00:00:00Z", "2026-01-03T12:00:01Z")
    assert monitor.spec.thresholds.confidence.warning == "0.75"
    assert [check.name for check in monitor.spec.checks] == ["data", "concept", "performance"]


@settings(deadline=None)
@given(
    rows=st.integers(1, 10**9),
    seconds=st.integers(0, 10**8),
    confidence=st.none() | st.floats(0, 1),
    labelled=st.booleans(),
    target=st.sampled_from(["inferenceService", "service"]),
)
def test_whatever_the_file_held_the_monitor_is_valid(rows, seconds, confidence, labelled, target):
    past = PastPredictions(rows, FIRST, FIRST + timedelta(seconds=seconds), confidence, labelled, "m")

    monitor = load_monitor(first_monitor(Beginning("m", target, "predictor", "ml", past)), source="init")

    assert len(monitor.spec.checks) == 2 + labelled


@settings(deadline=None)
@given(st.text())
def test_a_name_is_one_that_kubernetes_takes(text):
    name = object_name(text)

    if name:
        load_monitor(first_monitor(Beginning(name, "service", "predictor")), source="init")


@pytest.mark.parametrize(
    ("predictor", "capture"),
    [
        ({"containers": [{"image": "ghcr.io/x/modelmonitor-predictor:1"}]}, "predictor"),
        ({"containers": [{"image": "other"}]}, "logger"),
        ({"model": {"modelFormat": {"name": "sklearn"}}}, "logger"),
    ],
)
def test_another_predictor_is_logged_by_kserve(predictor, capture):
    assert capture_of({"spec": {"predictor": predictor}}) == capture
