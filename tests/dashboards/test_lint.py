from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dashboards import dashboards
from dashboards.generate import ROOT, generated_files
from dashboards.lint import metric_names, problems
from modelmonitor.rules.groups import alert_names

Json = dict[str, Any]


@pytest.fixture
def boards() -> list[Json]:
    return [each.to_json() for each in dashboards()]


def test_no_dashboard_breaks_a_rule(boards: list[Json]) -> None:
    assert problems(boards) == []


def panel(board: Json, title: str = "Average Confidence") -> Json:
    return next(each for each in board["panels"] if each["title"] == title)


def expr(text: str) -> Callable[[Json], object]:
    return lambda board: panel(board)["targets"][0].update(expr=text)


OWN = '{namespace="$namespace",modelmonitor="$monitor"}'
BREAKS: dict[str, tuple[Callable[[Json], object], str]] = {
    "version 2": (lambda board: board.update(elements={}), "is in the schema of version 2"),
    "too new": (lambda board: board.update(schemaVersion=42), "schemaVersion is above 41"),
    "an id": (lambda board: board.update(id=7), "has an id of one Grafana"),
    "too large": (lambda board: board.update(description="x" * 2**20), "does not fit a ConfigMap"),
    "no variable": (lambda board: board["templating"]["list"].pop(), "has no variable monitor"),
    "same id": (lambda board: panel(board).update(id=1), "two panels have the id 1"),
    "same title": (lambda board: panel(board).update(title="Model Status"), "two panels have the title"),
    "overlap": (
        lambda board: panel(board)["gridPos"].update(x=15),
        "Model Status and Average Confidence overlap",
    ),
    "too wide": (lambda board: panel(board)["gridPos"].update(w=9), "leaves the 24 columns"),
    "fixed source": (
        lambda board: panel(board)["targets"][0].update(datasource={"type": "prometheus", "uid": "abc"}),
        "names a data source instead of a variable",
    ),
    "no title": (lambda board: panel(board).update(title=""), "has no title"),
    "no description": (lambda board: panel(board).update(description=""), "has no description"),
    "no unit": (lambda board: panel(board)["fieldConfig"]["defaults"].pop("unit"), "has no unit"),
    "thresholds": (
        lambda board: panel(board)["fieldConfig"]["defaults"]["thresholds"]["steps"].reverse(),
        "has thresholds out of order",
    ),
    "no target": (lambda board: panel(board).update(targets=[]), "asks nothing"),
    "no alert": (
        lambda board: panel(board)["links"].append({"title": "Runbook", "url": "https://x/Nothing"}),
        "links the runbook of Nothing, which is no alert",
    ),
    "no such metric": (expr(f"sum(model_lodaed{OWN})"), "asks for model_lodaed, which nothing exposes"),
    "all monitors": (expr("max(model_loaded)"), "does not use $namespace, $monitor"),
    "fixed window": (expr(f"rate(api_predictions_total{OWN}[5m])"), "has a fixed window 5m"),
    "no le": (
        expr(f"histogram_quantile(0.9, sum(rate(api_prediction_confidence_bucket{OWN}[$__range])))"),
        "takes a quantile without le",
    ),
    "the guide's mean": (
        expr(f"avg_over_time(api_prediction_confidence_sum{OWN}[5m])"),
        "averages a counter",
    ),
    "rate of a sum": (expr(f"rate(sum(api_predictions_total{OWN})[$__range:])"), "takes the rate of a sum"),
    "all times": (
        lambda board: panel(board)["targets"].append({"refId": "B", "rawSql": "SELECT 1 FROM feedback"}),
        "query B reads all times",
    ),
}


@pytest.mark.parametrize(("break_it", "complaint"), BREAKS.values(), ids=BREAKS)
def test_each_rule_finds_its_fault(
    boards: list[Json], break_it: Callable[[Json], object], complaint: str
) -> None:
    broken = copy.deepcopy(boards)
    break_it(broken[0])
    assert [sentence for sentence in problems(broken) if complaint in sentence]


def test_two_dashboards_of_one_address_are_told(boards: list[Json]) -> None:
    assert problems([*boards, boards[0]])[:1] == ["two dashboards have the uid mm-performance"]


def test_names_are_read_from_promql() -> None:
    query = f"sum by (le) (rate(a_bucket{OWN}[5m])) / on (x_y) group_left (z_z) max(b:c:d) or up offset 5m"
    assert metric_names(query) == {"a_bucket", "b:c:d", "up"}


def test_the_guides_dashboard_comes_first_and_as_it_says(boards: list[Json]) -> None:
    board = boards[0]
    kinds = {each["title"]: each["type"] for each in board["panels"]}
    assert (board["title"], board["refresh"], board["time"]) == (
        "ML Model Performance",
        "10s",
        {"from": "now-1h", "to": "now"},
    )
    assert kinds == {
        "Total Predictions": "stat",
        "Model Status": "stat",
        "Average Confidence": "gauge",
        "Prediction Latency": "timeseries",
        "Sentiment Distribution": "piechart",
    }
    status = panel(board, "Model Status")["fieldConfig"]["defaults"]["mappings"][0]["options"]
    assert {value: (shown["text"], shown["color"]) for value, shown in status.items()} == {
        "1": ("LOADED", "green"),
        "0": ("NOT LOADED", "red"),
    }
    assert panel(board)["fieldConfig"]["defaults"]["thresholds"]["steps"] == [
        {"value": None, "color": "red"},
        {"value": 0.6, "color": "yellow"},
        {"value": 0.8, "color": "green"},
    ]


def test_each_alert_is_linked_from_a_panel(boards: list[Json]) -> None:
    linked = {
        link["url"].rsplit("/", 1)[-1]
        for board in boards
        for each in board["panels"]
        for link in each.get("links", [])
    }
    assert set(alert_names()) - linked == set()


def test_the_files_are_up_to_date() -> None:
    stale = [path for path, text in generated_files(ROOT).items() if path.read_text("utf-8") != text]
    assert stale == []


def test_links_of_rows_lead_to_dashboards_that_exist(boards: list[Json]) -> None:
    text = "".join(Path(path).read_text("utf-8") for path in generated_files(ROOT))
    assert "/d/mm-model?" in text
    assert "mm-model" in {board["uid"] for board in boards}
