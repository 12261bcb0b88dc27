"""Every constraint of the resource, as an API server enforces it; tests/unit/api asks the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

# Not the set-up: on a new machine it builds the API server, which takes minutes.
pytestmark = pytest.mark.timeout(60, func_only=True)

TABLE = Path(__file__).with_name("constraints.yaml")
CASES: list[dict[str, Any]] = YAML(typ="safe").load(TABLE.read_text(encoding="utf-8"))


def monitor_of(example: dict[str, Any]) -> dict[str, Any]:
    spec = {"target": {"inferenceService": "sentiment"}, "reference": {"dataset": "movie-reviews"}} | example
    return {
        "apiVersion": "modelmonitor.io/v1alpha1",
        "kind": "ModelMonitor",
        "metadata": {"name": spec.pop("name", "sentiment")},
        "spec": spec,
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["constraint"])
def test_accepts_the_right_example_and_explains_the_wrong_one(cluster: Any, case: dict[str, Any]) -> None:
    accepted = cluster.create(monitor_of(case["accepted"]), dry_run=True)
    assert accepted.status_code == 201, accepted.json()["message"]

    rejected = cluster.create(monitor_of(case["rejected"]), dry_run=True)
    assert rejected.status_code in {400, 422}
    assert case.get("server_says", case["says"]) in rejected.json()["message"]
