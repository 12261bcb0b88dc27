"""The CRD in a real API server: samples applied, defaults filled, status kept apart, columns shown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from modelmonitor.api.conditions import Condition, ConditionType, Reason, set_condition
from modelmonitor.api.load import load_monitor
from modelmonitor.api.status import (
    CheckStatus,
    Child,
    Effect,
    EstimatedAccuracy,
    ModelMonitorStatus,
    ReferenceStatus,
)
from modelmonitor.api.v1alpha1 import ModelMonitor

# Not the set-up: on a new machine it builds the API server, which takes minutes.
pytestmark = pytest.mark.timeout(60, func_only=True)

ROOT = Path(__file__).parents[2]
SAMPLES = sorted((ROOT / "manifests/samples").glob("*.yaml"))
CRD = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/modelmonitors.modelmonitor.io"
NOW = datetime(2026, 11, 23, 2, 7, tzinfo=UTC)


def read(path: Path) -> dict[str, Any]:
    monitor = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    monitor["metadata"] |= {"namespace": "default"}
    return monitor


@pytest.fixture
def monitor(cluster: Any) -> Iterator[dict[str, Any]]:
    """The three-line monitor, as the API server stored it."""
    created = cluster.create(read(ROOT / "manifests/samples/minimal.yaml"))
    assert created.status_code == 201, created.text
    yield created.json()
    cluster.delete("sentiment")


def test_the_api_server_finds_the_schema_structural_and_the_names_free(cluster: Any) -> None:
    conditions = cluster.http.get(CRD).json()["status"]["conditions"]
    assert {found["type"]: found["status"] for found in conditions} == {
        "NamesAccepted": "True",
        "Established": "True",
    }


def test_the_committed_crd_is_the_one_that_is_tested(cluster: Any) -> None:
    committed = YAML(typ="safe").load(
        (ROOT / "manifests/crds/modelmonitors.yaml").read_text(encoding="utf-8")
    )
    answer = cluster.http.put(
        CRD,
        json=committed | {"metadata": cluster.http.get(CRD).json()["metadata"]},
        params={"dryRun": "All", "fieldValidation": "Strict"},
    )
    assert answer.json()["spec"] == cluster.http.get(CRD).json()["spec"]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_samples_apply_and_mean_the_same_to_server_and_command_line(cluster: Any, sample: Path) -> None:
    answer = cluster.create(read(sample), dry_run=True)
    assert answer.status_code == 201, answer.text
    loaded = load_monitor(sample.read_text(encoding="utf-8"), source=sample.name)
    assert answer.json()["spec"] == loaded.spec.to_manifest()


def test_a_live_object_with_all_that_the_server_adds_parses(monitor: dict[str, Any]) -> None:
    parsed = ModelMonitor.model_validate(monitor)
    assert (parsed.metadata.name, parsed.namespace, parsed.metadata.generation) == ("sentiment", "default", 1)


def test_job_and_operator_write_their_own_parts_of_the_status(cluster: Any, monitor: dict[str, Any]) -> None:
    name = monitor["metadata"]["name"]
    by_job, by_operator = status_of_job(), status_of_operator()

    cluster.apply_status(name, by_job.to_manifest(), manager="job")
    stored = cluster.apply_status(name, by_operator.to_manifest(), manager="operator")

    both = by_operator.model_copy(update={"checks": by_job.checks})
    assert ModelMonitor.model_validate(stored).status == both
    assert stored["metadata"]["generation"] == 1


def test_kubectl_shows_target_verdict_drift_confidence_last_run_and_alerts(
    cluster: Any, monitor: dict[str, Any]
) -> None:
    cluster.apply_status(monitor["metadata"]["name"], status_of_operator().to_manifest(), manager="operator")
    row = cluster.table()["sentiment"]
    row.pop("Age"), row.pop("Last-Run")
    assert row == {
        "Target": "sentiment",
        "Verdict": "Critical",
        "Drift": "data",
        "Confidence": "0.88",
        "Alerts": 2,
    }


def status_of_job() -> ModelMonitorStatus:
    check = CheckStatus(
        name="data",
        type="data",
        verdict="Drift",
        severity="critical",
        reason="EffectAboveCritical",
        message="embeddings differ: mmd2 0.21, p 0.0005",
        last_run_time=NOW,
        detector="mmd",
        backend="native",
        p_value="5e-04",
        threshold="0.011",
        effect=Effect(name="mmd2", value="0.21", warning="0.05", critical="0.2"),
        rows=2000,
        reference_rows=2000,
        window_start=datetime(2026, 11, 22, 2, 7, tzinfo=UTC),
        window_end=NOW,
        model_version="3",
        estimated_accuracy=EstimatedAccuracy(point="0.7", low="0.64", high="0.77"),
        report="mlflow:/runs/8f2c",
    )
    return ModelMonitorStatus(checks=(check,))


def status_of_operator() -> ModelMonitorStatus:
    drifted = Condition(
        type=ConditionType.DRIFT_DETECTED, status="True", reason=Reason.DATA_DRIFT, message="data: mmd"
    )
    return ModelMonitorStatus(
        observed_generation=1,
        verdict="Critical",
        drift="data",
        confidence="0.88",
        last_run_time=NOW,
        alerts=2,
        model_version="3",
        reference=ReferenceStatus(
            name="movie-reviews", version=1, rows=2000, model_version="3", created_at=NOW
        ),
        conditions=set_condition((), drifted, now=NOW),
        children=(Child(kind="CronJob", name="sentiment-data", check="data"),),
    )
