"""Every query of every dashboard returns data from a Prometheus and a PostgreSQL that run as installed."""

from __future__ import annotations

import math
import re
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from dashboards import dashboards
from modelmonitor.store.connection import connect
from tests.dashboards import grafana
from tests.dashboards.conftest import Prometheus

ALL = [each.to_json() for each in dashboards()]
WEEK = timedelta(days=7)
# Marks a change within five minutes, which a test would have to wait for.
AWAITS_A_CHANGE = "New model version"


def queries(key: str) -> list[Any]:
    return [
        pytest.param(target[key], id=f"{dashboard['uid']}: {panel['title']} {target['refId']}")
        for dashboard in ALL
        for panel in dashboard["panels"]
        for target in panel.get("targets", ())
        if key in target
    ]


@pytest.mark.parametrize("expr", queries("expr"))
def test_promql_of_panels_returns_numbers(prometheus: Prometheus, expr: str) -> None:
    values = prometheus.values(grafana.promql(expr))
    assert [value for value in values if math.isfinite(value)], f"No data: {expr}"


@pytest.mark.parametrize("query", queries("rawSql"))
def test_sql_of_panels_returns_rows(database: str, query: str) -> None:
    rows = ask(database, grafana.sql(query, since=WEEK))
    assert any(value is not None for row in rows for value in row), f"No data: {query}"


@pytest.mark.parametrize("query", queries("rawSql"))
def test_sql_of_panels_reads_with_the_rights_of_a_reader(database: str, query: str) -> None:
    assert ask(database, grafana.sql(query, since=WEEK), role="modelmonitor_reader")


@pytest.mark.parametrize("dashboard", ALL, ids=lambda dashboard: dashboard["uid"])
def test_marks_are_found(dashboard: dict[str, Any], prometheus: Prometheus, database: str) -> None:
    for mark in dashboard["annotations"]["list"]:
        if "expr" in mark:
            found = prometheus.values(grafana.promql(mark["expr"]))
            assert found or mark["name"] == AWAITS_A_CHANGE, mark["name"]
        else:
            rows = ask(database, grafana.sql(mark["target"]["rawSql"], since=WEEK))
            assert [row[2] for row in rows] == ["data,critical"], mark["name"]


@pytest.mark.parametrize("dashboard", ALL, ids=lambda dashboard: dashboard["uid"])
def test_variables_offer_what_there_is(
    dashboard: dict[str, Any], prometheus: Prometheus, database: str
) -> None:
    offered = {
        variable["name"]: offer(variable["query"], prometheus, database)
        for variable in dashboard["templating"]["list"]
        if variable["type"] == "query"
    }
    assert offered == {name: [grafana.VARIABLES[name]] for name in offered}
    assert offered.keys() >= {"namespace", "monitor"}


def test_a_model_version_that_is_new_is_marked(prometheus: Prometheus) -> None:
    mark = next(each for each in ALL[0]["annotations"]["list"] if each["name"] == AWAITS_A_CHANGE)
    # The test's Prometheus is younger than five minutes, so the only version is new.
    assert prometheus.values(grafana.promql(mark["expr"])) == [1.0]


def offer(query: str | dict[str, str], prometheus: Prometheus, database: str) -> list[str]:
    if isinstance(query, str):
        return [row[0] for row in ask(database, grafana.sql(query, since=WEEK))]
    asked = re.fullmatch(r"label_values\((.+), (\w+)\)", grafana.promql(query["query"]))
    assert asked, query
    return prometheus.labels(asked[2], asked[1])


def ask(database: str, query: str, *, role: str | None = None) -> list[tuple[Any, ...]]:
    with closing(connect(database, application_name="tests")) as conn, conn, conn.cursor() as cursor:
        if role:
            cursor.execute(f"SET ROLE {role}")
        cursor.execute(query)
        return list(cursor.fetchall())
