"""A run that is killed between its steps, and the run after it: nothing half there, nothing twice."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing

import pytest

from modelmonitor.store.connection import connect
from modelmonitor.store.datasets import save_dataset
from modelmonitor.store.episodes import lock_decisions
from modelmonitor.store.references import list_references

BUILDING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
DECIDED = "SELECT count(*) FROM drift_episodes"


@pytest.fixture
def start(tmp_path, database_url, world):
    """Starts a job on drifted traffic; it is killed at the end if it still runs."""
    world.reference(database_url, world.draw(800, seed=1))
    world.log(database_url, world.draw(500, seed=2, positive=0.9, labelled=False))
    monitor = tmp_path / "monitor.yaml"
    monitor.write_text(world.monitor_text())
    started = []

    def start(run_id, **more):
        given = {
            "monitor": monitor,
            "database_url": database_url,
            "check": "concept",
            "run_id": run_id,
            "now": world.NOW.isoformat(),
            **more,
        }
        clean = {key: value for key, value in os.environ.items() if not key.startswith("MM_")}
        environment = {**clean, **{f"MM_JOB_{key.upper()}": str(value) for key, value in given.items()}}
        process = subprocess.Popen(
            [sys.executable, "-m", "modelmonitor.job"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def deaf_server():
    """An address that takes connections and never answers, as an overloaded MLflow does."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(50)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def scalar(conn, statement):
    with conn, conn.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def wait_until(conn, statement):
    deadline = time.monotonic() + 90
    while not scalar(conn, statement):
        assert time.monotonic() < deadline, statement
        time.sleep(0.05)


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=30)


def state(conn):
    with conn, conn.cursor() as cursor:
        cursor.execute("SELECT check_name, runs, pages, ended_at FROM drift_episodes")
        episodes = cursor.fetchall()
        cursor.execute("SELECT run_id FROM drift_results ORDER BY run_id")
        return episodes, [run for (run,) in cursor.fetchall()]


def test_killed_before_it_decided_a_run_leaves_nothing(database_url, start):
    with closing(connect(database_url, application_name="tests")) as conn, conn.cursor() as cursor:
        lock_decisions(cursor, namespace="ml", monitor="sentiment", deployment_id="sentiment")
        with closing(connect(database_url, application_name="tests")) as other:
            process = start("first")
            wait_until(other, WAITING)
            kill(process)
        conn.rollback()
        assert state(conn) == ([], [])
        assert start("second").wait(timeout=100) == 0
        assert state(conn) == ([("concept", 1, 1, None)], ["second"])


@pytest.mark.parametrize("again", ["first", "second"])
def test_killed_after_it_decided_the_next_run_pages_no_second_time(database_url, start, deaf_server, again):
    with closing(connect(database_url, application_name="tests")) as conn:
        process = start("first", mlflow_tracking_uri=deaf_server)
        wait_until(conn, DECIDED)
        assert process.poll() is None
        kill(process)
        assert start(again).wait(timeout=100) == 0
        episodes, runs = state(conn)
        assert [(check, pages, ended) for check, _, pages, ended in episodes] == [("concept", 1, None)]
        assert runs == sorted({"first", again})


def test_two_runs_at_once_open_one_episode(database_url, start):
    processes = [start("one"), start("two")]
    assert [process.wait(timeout=110) for process in processes] == [0, 0]
    with closing(connect(database_url, application_name="tests")) as conn:
        episodes, runs = state(conn)
    assert [(check, pages) for check, _, pages, _ in episodes] == [("concept", 1)]
    assert runs == ["one", "two"]


def test_killed_while_its_reference_is_scored_a_run_leaves_none_and_the_one_that_waits_builds_it(
    database_url, start, deaf_server, predictor, world
):
    with closing(connect(database_url, application_name="tests")) as conn:
        with conn, conn.cursor() as cursor:
            cursor.execute("DELETE FROM drift_references")
        texts = [(f"{'good film ' * (i % 9 + 1)}{i}", None) for i in range(200)]
        save_dataset(conn, "movie-reviews", texts, now=world.NOW)
        first = start("first", predictor_url=deaf_server, score_token=predictor.token)
        wait_until(conn, BUILDING)
        second = start("second", predictor_url=predictor.url, score_token=predictor.token)
        wait_until(conn, WAITING)
        assert list_references(conn) == ()
        kill(first)
        assert second.wait(timeout=100) == 0
        assert [(each.version, each.rows) for each in list_references(conn)] == [(1, 200)]
        assert state(conn)[1] == ["second"]
