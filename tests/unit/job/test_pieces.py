"""The pure parts of a run: windows in time, digests, history, data sets, and a light import."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from modelmonitor.job.compare import (
    accuracy_course,
    compare_classes,
    compare_confidence,
    measure,
    time_course,
)
from modelmonitor.job.datasets import UnreadableDataset, read_dataset
from modelmonitor.job.evidence import digest_of_rows
from modelmonitor.job.single_test import code_of
from modelmonitor.job.window import Window
from modelmonitor.sample import Sample

START = datetime(2026, 11, 22, tzinfo=UTC)


def sample(positive, *, hours=None):
    n = len(positive)
    start = np.datetime64(START.replace(tzinfo=None), "us")
    moments = [start + np.timedelta64(hour, "h") for hour in (hours or [0] * n)]
    return Sample(
        classes=("NEGATIVE", "POSITIVE"),
        prediction_ids=tuple(f"id-{i}" for i in range(n)),
        texts=(None,) * n,
        probabilities=np.array([[1 - p, p] for p in positive], dtype=np.float32),
        embeddings=None,
        predicted_at=np.array(moments, dtype="datetime64[us]"),
        labels=np.full(n, -1),
    )


def test_every_confidence_falls_into_a_bin_also_at_the_ends():
    chart = compare_confidence(sample([0.5, 1.0, 0.0]), sample([0.75]))
    assert sum(chart.reference) == pytest.approx(1.0)
    assert sum(chart.window) == pytest.approx(1.0)
    assert (chart.reference[0], chart.reference[-1]) == (pytest.approx(1 / 3), pytest.approx(2 / 3))


def test_class_shares_follow_the_models_order_and_have_an_interval():
    negative, positive = compare_classes(sample([0.9, 0.1]), sample([0.9, 0.8]), seed=0)
    assert (negative.name, negative.reference, negative.window, negative.low) == ("NEGATIVE", 0.5, 0.0, 0.0)
    assert (positive.name, positive.reference, positive.window, positive.high) == ("POSITIVE", 0.5, 1.0, 1.0)
    assert negative.high == pytest.approx(1 - positive.low) == pytest.approx(0.8, abs=0.15)


def test_the_time_course_leaves_empty_hours_empty():
    rows = sample([0.9, 0.7, 0.8], hours=[0, 0, 23])
    course = time_course(Window(START, START + timedelta(hours=24), rows_logged=3, sample=rows))
    assert [(moment.rows, moment.confidence) for moment in course if moment.rows] == [
        (2, pytest.approx(0.8)),
        (1, pytest.approx(0.8)),
    ]
    assert course[0].start == START
    assert course[23].rows == 1


def test_the_interval_of_a_slice_holds_its_mean_and_needs_two_rows():
    rows = sample([0.9, 0.7, 0.8], hours=[0, 0, 23])
    course = time_course(Window(START, START + timedelta(hours=24), rows_logged=3, sample=rows))
    assert course[0].low == pytest.approx(0.8 - 1.96 * 0.1)
    assert course[0].high == pytest.approx(0.8 + 1.96 * 0.1)
    assert (course[23].low, course[23].high) == (None, None)


def test_accuracy_over_time_counts_labelled_rows_only():
    rows = replace(sample([0.9, 0.7, 0.8], hours=[0, 0, 23]), labels=np.array([1, 0, -1]))
    course = accuracy_course(Window(START, START + timedelta(hours=24), rows_logged=3, sample=rows))
    assert (course[0].rows, course[0].accuracy, course[23].rows, course[23].accuracy) == (2, 0.5, 0, None)
    assert course[0].low < 0.5 < course[0].high
    unlabelled = Window(START, START + timedelta(hours=24), rows_logged=3, sample=sample([0.9]))
    assert accuracy_course(unlabelled) == ()


def test_a_confidence_at_the_border_is_not_low():
    assert measure(sample([0.75, 0.5]), low_below=0.75).low_confidence_share == 0.5


def test_the_digest_of_rows_does_not_depend_on_their_order():
    rows = sample([0.1, 0.7, 0.8])
    assert digest_of_rows(rows) == digest_of_rows(rows.take([2, 0, 1]))
    assert digest_of_rows(rows) != digest_of_rows(rows.take([0, 1]))


@pytest.mark.parametrize(("phrase", "code"), [("too few rows", "TooFewRows"), ("no test", "NoTest")])
def test_a_reason_becomes_one_word(phrase, code):
    assert code_of(phrase) == code


def test_data_sets_are_read_from_csv_and_from_ndjson(tmp_path):
    table, lines = tmp_path / "a.csv", tmp_path / "a.ndjson"
    table.write_text('label,text\nPOSITIVE,"two\nlines, one field"\n,plain\n')
    lines.write_text('{"text": "two\\nlines, one field", "label": "POSITIVE"}\n\n{"text": "plain"}\n')
    expected = (("two\nlines, one field", "POSITIVE"), ("plain", None))
    assert read_dataset(table) == expected
    assert read_dataset(lines) == expected


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.csv", b"review,label\nfine,POSITIVE\n", "line 2 has no text"),
        ("a.csv", b"text,label\n", "has no rows"),
        ("a.csv", b"text\n\xff\xfe\n", "is not UTF-8"),
        ("a.csv", b"text\n" + b"x" * 200_000, "use NDJSON for long texts"),
        ("a.ndjson", b'{"text": "a"}\n{"text"', "line 2 is not JSON"),
        ("a.ndjson", b'["a"]', "line 1 must be an object"),
        ("a.ndjson", b'{"text": "a", "label": 1}', "line 1 has a label that is not text"),
        ("a.parquet", b"", "is not Parquet"),
        ("a.txt", b"", "must end in .csv, .ndjson, .jsonl or .parquet"),
    ],
)
def test_a_malformed_data_set_is_one_sentence_with_the_line(name, content, sentence, tmp_path):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnreadableDataset, match=sentence):
        read_dataset(path)


def test_a_missing_data_set_is_named(tmp_path):
    with pytest.raises(UnreadableDataset, match="cannot be read: No such file"):
        read_dataset(tmp_path / "absent.csv")


def test_importing_the_package_loads_no_heavy_library():
    code = (
        "import sys, modelmonitor\n"
        "heavy = {'numpy', 'torch', 'psycopg2', 'pydantic', 'alibi_detect'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "from modelmonitor import DriftMonitor\n"
        "assert DriftMonitor.__name__ == 'DriftMonitor'\n"
        "assert not {'torch', 'alibi_detect', 'mlflow', 'sklearn'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
