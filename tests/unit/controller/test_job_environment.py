from __future__ import annotations

from collections.abc import Callable

import pytest

from controller.desired.cron_job import check_job
from controller.desired.defaults import Defaults
from controller.desired.job_pod import job_pod
from controller.desired.monitor_file import monitor_file
from modelmonitor.api.load import load_monitor
from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.job.settings import JobSettings


def test_the_job_understands_the_environment_that_its_pod_gets(
    monitor_with: Callable[..., ModelMonitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monitor = monitor_with()
    defaults = Defaults(job_image="job", mlflow_uri="http://mlflow:5000")
    desired = check_job(monitor, monitor.check("concept"), defaults=defaults)
    container = desired.manifest["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
    for each in container["env"]:
        monkeypatch.setenv(each["name"], each.get("value", "postgresql://u:p@h/d"))
    secrets = {
        each["name"]: each["valueFrom"]["secretKeyRef"] for each in container["env"] if "valueFrom" in each
    }

    settings = JobSettings()

    assert (settings.only, settings.mlflow_tracking_uri) == ("concept", "http://mlflow:5000")
    assert settings.status == "ml/sentiment"
    assert str(settings.monitor) == "/etc/modelmonitor/monitor.yaml"
    assert settings.database_url.get_secret_value() == "postgresql://u:p@h/d"
    assert settings.predictor_url == "http://sentiment-predictor.ml.svc"
    assert secrets["MM_JOB_SCORE_TOKEN"] == {
        "name": "sentiment-score-token",
        "key": "token",
        "optional": True,
    }


def test_the_file_in_the_pod_is_the_monitor_with_every_default(
    monitor_with: Callable[..., ModelMonitor],
) -> None:
    monitor = monitor_with()

    text = monitor_file(monitor).manifest["data"]["monitor.yaml"]

    assert load_monitor(text, source="monitor.yaml").spec == monitor.spec


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"service": "sentiment"}, ["http://sentiment.ml.svc:8080", "sentiment-score-token", "token"]),
        (
            {
                "inferenceService": "a",
                "scoring": {"url": "http://b:1", "tokenSecret": {"secretName": "c", "key": "d"}},
            },
            ["http://b:1", "c", "d"],
        ),
        ({"podSelector": {"matchLabels": {"app": "a"}}, "modelName": "a"}, []),
    ],
)
def test_a_job_is_told_where_the_model_is_as_far_as_the_spec_tells(
    target: dict[str, object], expected: list[str], monitor_with: Callable[..., ModelMonitor]
) -> None:
    spec = monitor_with().spec.to_manifest()
    monitor = ModelMonitor.model_validate(
        {**monitor_with().to_manifest(), "spec": {**spec, "target": target}}
    )

    container = job_pod(monitor, Defaults(job_image="job"), check="data")["spec"]["containers"][0]

    told = {each["name"]: each for each in container["env"]}
    found = [told["MM_JOB_PREDICTOR_URL"]["value"]] if "MM_JOB_PREDICTOR_URL" in told else []
    if "MM_JOB_SCORE_TOKEN" in told:
        secret = told["MM_JOB_SCORE_TOKEN"]["valueFrom"]["secretKeyRef"]
        found += [secret["name"], secret["key"]]
    assert found == expected
