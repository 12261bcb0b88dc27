from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from controller.desired.dashboards import dashboards, dashboards_ready
from controller.desired.defaults import Defaults
from controller.handlers.dashboard_files import UnreadableDashboards, read_dashboards
from controller.manifest import Plan
from modelmonitor.api.v1alpha1 import ModelMonitor

MODEL = {
    "title": "ML Model Performance",
    "uid": "mm-performance",
    "templating": {
        "list": [
            {"name": "datasource", "type": "datasource"},
            {"name": "namespace"},
            {"name": "modelmonitor"},
        ]
    },
    "panels": [{"title": "p"}],
}


def test_a_monitor_gets_the_dashboards_opened_on_itself(monitor_with: Callable[..., ModelMonitor]) -> None:
    defaults = Defaults(
        job_image="x", dashboards={"performance.json": MODEL}, dashboard_labels={"grafana_dashboard": "1"}
    )

    made = dashboards(monitor_with(), defaults)

    assert made is not None
    assert made.manifest["metadata"]["labels"]["grafana_dashboard"] == "1"
    shown = json.loads(made.manifest["data"]["performance.json"])
    assert shown["title"] == "ML Model Performance · ml/sentiment"
    assert shown["panels"] == MODEL["panels"]
    assert len(shown["uid"]) == 40
    assert [each.get("current", {}).get("value") for each in shown["templating"]["list"]] == [
        None,
        "ml",
        "sentiment",
    ]
    ready = dashboards_ready(monitor_with(), Plan(objects=(made,)))
    assert (ready.status, ready.reason) == ("True", "DashboardsApplied")


def test_without_grafana_there_is_none_and_a_condition_says_so(
    monitor_with: Callable[..., ModelMonitor],
) -> None:
    assert dashboards(monitor_with(), Defaults(job_image="x")) is None
    ready = dashboards_ready(monitor_with(), Plan(objects=()))
    assert (ready.status, ready.reason) == ("False", "GrafanaOff")


def test_dashboards_are_read_from_a_directory(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(MODEL))
    (tmp_path / "README.md").write_text("no dashboard")

    assert read_dashboards(tmp_path) == {"a.json": MODEL}


@pytest.mark.parametrize("content", ["{", "[]"])
def test_a_file_that_is_no_dashboard_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "broken.json").write_text(content)

    with pytest.raises(UnreadableDashboards, match=r"broken\.json"):
        read_dashboards(tmp_path)


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDashboards, match=r"MM_OPERATOR_DASHBOARDS is .*absent"):
        read_dashboards(tmp_path / "absent")
