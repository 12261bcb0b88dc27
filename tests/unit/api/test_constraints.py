"""Every constraint of the resource, as the command line enforces it; tests/crd asks the API server."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from modelmonitor.api.load import InvalidMonitor, load_monitor
from modelmonitor.api.schema_tree import Schema, schema_tree
from modelmonitor.api.v1alpha1 import ModelMonitor

TABLE = Path(__file__).parents[2] / "crd/constraints.yaml"
CASES: list[dict[str, Any]] = YAML(typ="safe").load(TABLE.read_text(encoding="utf-8"))
KEYWORDS = {
    "enum": "is not one of",
    "minimum": "should be greater than or equal to",
    "maximum": "should be less than or equal to",
}


def text_of(example: dict[str, Any]) -> str:
    spec = {"target": {"inferenceService": "sentiment"}, "reference": {"dataset": "movie-reviews"}} | example
    monitor = {
        "apiVersion": "modelmonitor.io/v1alpha1",
        "kind": "ModelMonitor",
        "metadata": {"name": spec.pop("name", "sentiment")},
        "spec": spec,
    }
    text = io.StringIO()
    YAML(typ="safe").dump(monitor, text)
    return text.getvalue()


def complaint_about(example: dict[str, Any]) -> str:
    with pytest.raises(InvalidMonitor) as caught:
        load_monitor(text_of(example), source="monitor.yaml")
    return str(caught.value)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["constraint"])
def test_accepts_the_right_example_and_explains_the_wrong_one(case: dict[str, Any]) -> None:
    load_monitor(text_of(case["accepted"]), source="monitor.yaml")
    assert case["says"] in complaint_about(case["rejected"])


def test_every_rule_of_the_schema_has_an_example() -> None:
    said = " ".join(case["says"] for case in CASES)
    messages = {rule["message"] for _, node in nodes() for rule in node.get("x-kubernetes-validations", ())}
    assert {message for message in messages if message not in said} == set()


@pytest.mark.parametrize("keyword", KEYWORDS)
def test_every_bound_and_choice_of_the_schema_has_an_example(keyword: str) -> None:
    complaints = "\n".join(complaint_about(case["rejected"]) for case in CASES)
    bounded = {path for path, node in nodes() if keyword in node and path.startswith("spec.")}
    exampled = {
        re.sub(r"\[\d+\]", "[]", path)
        for path in re.findall(rf"(spec\.\S+) [^\n]*?{re.escape(KEYWORDS[keyword])}", complaints)
    }
    assert bounded - exampled == set()


def nodes() -> Iterator[tuple[str, Schema]]:
    def below(path: str, node: Schema) -> Iterator[tuple[str, Schema]]:
        yield path.removeprefix("."), node
        for name, child in node.get("properties", {}).items():
            yield from below(f"{path}.{name}", child)
        if "items" in node:
            yield from below(f"{path}[]", node["items"])
        if isinstance(node.get("additionalProperties"), dict):
            yield from below(f"{path}{{}}", node["additionalProperties"])

    return below("", schema_tree(ModelMonitor))
