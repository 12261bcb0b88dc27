"""The JSON twin: a stable shape that reads back to the same report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from modelmonitor.report.model import RunReport

GOLDEN = Path(__file__).parent / "report_shape.json"


def shape(value):
    """Keys and types; of a list its first element."""
    if isinstance(value, dict):
        return {key: shape(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


def test_the_shape_of_the_json_is_the_published_one(drifted):
    found = shape(json.loads(drifted.model_dump_json()))
    assert found == json.loads(GOLDEN.read_text()), "the JSON changed: keep it, or raise the schema version"


@pytest.mark.parametrize("name", ["drifted", "quiet", "inconclusive"])
def test_a_report_reads_back_from_its_json(name, request):
    report = request.getfixturevalue(name)
    assert RunReport.model_validate_json(report.model_dump_json()) == report
