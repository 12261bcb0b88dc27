from __future__ import annotations

from collections.abc import Callable

import pytest

from controller.desired.cron_job import check_job
from controller.desired.defaults import Defaults
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

    settings = JobSettings()

    assert (settings.only, settings.mlflow_tracking_uri) == ("concept", "http://mlflow:5000")
    assert settings.status == "ml/sentiment"
    assert str(settings.monitor) == "/etc/modelmonitor/monitor.yaml"
    assert settings.database_url.get_secret_value() == "postgresql://u:p@h/d"


def test_the_file_in_the_pod_is_the_monitor_with_every_default(
    monitor_with: Callable[..., ModelMonitor],
) -> None:
    monitor = monitor_with()

    text = monitor_file(monitor).manifest["data"]["monitor.yaml"]

    assert load_monitor(text, source="monitor.yaml").spec == monitor.spec
