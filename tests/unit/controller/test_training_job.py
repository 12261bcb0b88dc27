"""The Job of a training: what it keeps of the template that it is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from controller.desired.recommendations import Recommendation
from controller.desired.training_job import training_job
from modelmonitor.api.v1alpha1 import ModelMonitor

MakeMonitor = Callable[..., ModelMonitor]
REASON = Recommendation("repeated-drift", "3f9c02d1aa", "Drift in 3 runs.")


def metadata_of(monitor: ModelMonitor, template: dict[str, Any]) -> dict[str, Any]:
    pod = {"containers": [{"name": "train", "image": "train"}]}
    job = {"metadata": template, "spec": {"template": {"spec": pod}}}
    cron_job = {"metadata": {"name": "train"}, "spec": {"jobTemplate": job}}
    return dict(training_job(monitor, REASON, cron_job)["metadata"])


def test_a_training_keeps_labels_and_annotations_of_its_template(monitor_with: MakeMonitor) -> None:
    template = {"labels": {"kueue.x-k8s.io/queue-name": "gpu"}, "annotations": {"team/cost-centre": "7"}}

    metadata = metadata_of(monitor_with(), template)

    assert metadata["labels"] == {
        "kueue.x-k8s.io/queue-name": "gpu",
        "modelmonitor.io/retrain-trigger": "3f9c02d1aa",
        "modelmonitor.io/monitor": "sentiment",
        "app.kubernetes.io/managed-by": "modelmonitor-operator",
    }
    assert metadata["annotations"] == {"team/cost-centre": "7"}


def test_a_template_cannot_pass_a_training_off_as_a_run_of_a_check(monitor_with: MakeMonitor) -> None:
    template = {"labels": {"modelmonitor.io/check": "data", "modelmonitor.io/monitor": "another"}}

    labels = metadata_of(monitor_with(), template)["labels"]

    assert labels["modelmonitor.io/monitor"] == "sentiment"
    assert "modelmonitor.io/check" not in labels
