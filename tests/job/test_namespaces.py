"""Monitors of one name in two namespaces share a database and nothing else."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import pytest

from modelmonitor.job.run import Options, run
from modelmonitor.store.connection import connect
from modelmonitor.store.results import list_results


@pytest.fixture
def conn(database_url):
    with closing(connect(database_url, application_name="tests")) as connection:
        yield connection


@pytest.fixture
def check(database_url, world):
    world.reference(database_url, world.draw(800, seed=1))
    world.log(database_url, world.tweets())

    def check(namespace, run_id):
        plan = replace(world.plan(only="concept"), namespace=namespace)
        return run(plan, database_url=database_url, options=Options(now=world.NOW, run_id=run_id)).report

    return check


def rows(conn, statement):
    with conn, conn.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


EPISODES = "SELECT namespace, monitor, check_name, runs FROM drift_episodes ORDER BY namespace"


def test_each_has_its_own_episodes_looks_and_results(conn, check, world):
    first, second = check("blue", "one"), check("green", "two")
    assert [report.checks[0].episode.change for report in (first, second)] == ["opened", "opened"]
    assert [report.checks[0].look for report in (first, second)] == ["scheduled", "scheduled"]
    assert rows(conn, EPISODES) == [("blue", "sentiment", "concept", 1), ("green", "sentiment", "concept", 1)]
    found = [
        [
            row.run_id
            for row in list_results(conn, deployment_id="sentiment", since=world.NOW, limit=9, namespace=name)
        ]
        for name in ("blue", "green", "")
    ]
    assert found == [["one"], ["two"], ["one", "two"]]


def test_what_was_there_before_namespaces_belongs_to_the_first_that_runs(conn, check):
    check("blue", "old")
    tables = ("drift_results", "drift_episodes", "retrain_triggers", "quality_by_window", "new_patterns")
    with conn, conn.cursor() as cursor:
        for table in tables:
            cursor.execute(f"UPDATE {table} SET namespace = ''")
    second = check("blue", "new")
    assert second.checks[0].look == "extra"
    assert rows(conn, EPISODES) == [("blue", "sentiment", "concept", 2)]
    check("green", "other")
    assert [row[0] for row in rows(conn, EPISODES)] == ["blue", "green"]


def test_a_monitor_outside_of_a_cluster_is_in_the_default_namespace(conn, check):
    check(None, "local")
    assert rows(conn, "SELECT DISTINCT namespace FROM drift_results") == [("default",)]
