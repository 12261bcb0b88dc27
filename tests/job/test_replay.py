"""A run is repeated number by number on the rows that it read, and what is no longer there is told."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from modelmonitor.job.evidence import installed_packages
from modelmonitor.job.replay import differences, replay
from modelmonitor.job.run import Options, run
from modelmonitor.store.connection import connect
from modelmonitor.store.runs import RunMissing, SeveralRuns, load_run


@pytest.fixture
def conn(database_url):
    with closing(connect(database_url, application_name="tests")) as connection:
        yield connection


@pytest.fixture
def finished(database_url, world):
    """A quick run on drifted traffic, of which a part is read at random."""
    world.reference(database_url, world.draw(800, seed=1))
    world.log(database_url, world.tweets(2500))
    options = Options(now=world.NOW, run_id="run-1")
    return run(world.plan(only="concept"), database_url=database_url, options=options)


def again(conn, run_id="run-1", **packages):
    return replay(conn, run_id, packages={**installed_packages(), **packages})


def execute(conn, statement):
    with conn, conn.cursor() as cursor:
        cursor.execute(statement)
        return cursor.rowcount


def test_a_repeated_run_gives_every_number_again(conn, database_url, world):
    world.reference(database_url, world.draw(400, seed=1))
    world.log(database_url, world.tweets(500))
    run(world.plan(), database_url=database_url, options=Options(now=world.NOW, run_id="run-1"))
    found = again(conn)
    assert (found.rows, found.numbers, found.notes) == ((), (), ())
    assert found.same
    assert found.compared > 150
    assert list(load_run(conn, "run-1").checks) == ["data", "concept", "performance"]


def test_a_run_on_parts_of_a_window_is_repeated(conn, database_url, world):
    world.reference(database_url, world.draw(800, seed=1))
    world.log(database_url, world.draw(900, seed=2))
    plan = world.hourly_plan()
    assert plan.checks[0].parts > 1
    run(plan, database_url=database_url, options=Options(now=world.NOW, run_id="hourly"))
    assert again(conn, "hourly").same


def test_a_run_without_a_verdict_is_repeated_too(conn, database_url, world):
    world.log(database_url, world.draw(300, seed=2))
    run(world.plan(only="concept"), database_url=database_url, options=Options(now=world.NOW, run_id="bare"))
    assert again(conn, "bare").same


def test_a_run_on_private_texts_is_repeated_though_none_were_kept(conn, database_url, world):
    world.reference(database_url, world.draw(800, seed=1))
    world.log(database_url, world.tweets(), keep_text=False)
    run(
        world.plan("hash", only="concept"),
        database_url=database_url,
        options=Options(now=world.NOW, run_id="private"),
    )
    assert again(conn, "private").same


def test_what_the_run_rests_on_is_recorded(conn, finished):
    row = load_run(conn, "run-1")
    assert (row.namespace, row.monitor, row.deployment_id) == ("ml", "sentiment", "sentiment")
    assert list(row.checks) == ["concept"]
    assert row.reference["version"] == 1
    read = row.windows["concept"]
    assert (read["rows_logged"], [part["rows"] for part in read["parts"]]) == (2500, [2000])
    evidence = finished.report.evidence
    assert (read["ids"], read["content"]) == (
        evidence.window_rows["concept"],
        evidence.window_content["concept"],
    )
    assert row.packages == installed_packages()


def test_a_changed_text_is_noticed(conn, finished):
    execute(
        conn,
        "UPDATE prediction_logs SET input_text = 'harmless' WHERE (predicted_at, prediction_id) IN "
        "(SELECT predicted_at, prediction_id FROM prediction_logs)",
    )
    found = again(conn)
    assert not found.same
    assert found.rows[0] == "concept: the same predictions, but their content was changed since the run."


def test_one_tampered_row_is_noticed(conn, database_url, world):
    world.reference(database_url, world.draw(800, seed=1))
    world.log(database_url, world.draw(600, seed=2))
    run(world.plan(only="concept"), database_url=database_url, options=Options(now=world.NOW, run_id="run-1"))
    assert again(conn).same
    changed = execute(
        conn,
        "UPDATE prediction_logs SET probabilities = ARRAY[0.5, 0.5]::real[] WHERE prediction_id = "
        "(SELECT prediction_id FROM prediction_logs LIMIT 1)",
    )
    assert changed == 1
    assert "content was changed" in again(conn).rows[0]


def test_rows_that_retention_deleted_are_told(conn, finished, world):
    execute(
        conn, f"DELETE FROM prediction_logs WHERE predicted_at < '{world.NOW}'::timestamptz - interval '12h'"
    )
    (first, *_) = again(conn).rows
    assert "predictions of the window are no longer in the log" in first


def test_rows_that_came_late_are_told(conn, finished, database_url, world):
    world.log(database_url, world.draw(60, seed=77))
    assert again(conn).rows[0] == "concept: 60 predictions of the window came into the log after the run."


def test_a_deleted_reference_is_told(conn, finished):
    execute(conn, "DELETE FROM drift_references")
    assert again(conn).rows == ("Version 1 of reference movie-reviews was deleted.",)


def test_a_changed_reference_is_told(conn, finished):
    execute(conn, "UPDATE drift_reference_rows SET input_text = 'x' WHERE row_number = 3")
    assert again(conn).rows == ("Version 1 of reference movie-reviews was changed since the run.",)


def test_labels_that_came_since_change_nothing(conn, finished):
    execute(
        conn,
        "INSERT INTO feedback (prediction_id, label, labelled_at, source) "
        "SELECT prediction_id, 'POSITIVE', now(), 'test' FROM prediction_logs",
    )
    assert again(conn).same


def test_a_number_that_is_not_the_same_is_named_with_its_place(conn, finished):
    execute(conn, "UPDATE drift_runs SET numbers = jsonb_set(numbers, '{checks,0,findings,0,pValue}', '0.5')")
    found = again(conn)
    assert not found.same
    assert len(found.numbers) == 1
    assert found.numbers[0].startswith("checks[0].findings[0].pValue: 0.5, now ")


def test_other_packages_are_noted(conn, finished):
    found = again(conn, numpy="0.0.1")
    assert found.same
    assert [note.endswith("now 0.0.1.") for note in found.notes] == [True]


def test_a_run_may_be_named_by_its_beginning_if_it_is_the_only_one(conn, finished, database_url, world):
    assert again(conn, "run").run_id == "run-1"
    run(world.plan(only="concept"), database_url=database_url, options=Options(now=world.NOW, run_id="run-2"))
    with pytest.raises(SeveralRuns, match="run-1, run-2"):
        again(conn, "run")
    with pytest.raises(RunMissing, match="No run nightly was recorded"):
        again(conn, "nightly")


def test_numbers_are_the_same_within_rounding_and_nothing_else_is():
    assert list(differences({"a": [1.0, True, "x"]}, {"a": [1.0 + 1e-9, True, "x"]})) == []
    assert list(differences({"a": 1.0, "b": None}, {"a": 1.1, "b": 0})) == [
        "a: 1.0, now 1.1",
        "b: None, now 0",
    ]
    assert list(differences([1], [1, 2])) == [": [1], now [1, 2]"]
    assert list(differences(True, 1)) == [": True, now 1"]


def test_the_command_says_so_by_its_exit_code(conn, finished, database_url):
    def command(run_id):
        return subprocess.run(
            [
                sys.executable,
                "-c",
                "from modelmonitor.cli.main import main; main()",
                "drift",
                "replay",
                run_id,
            ],
            env={**os.environ, "MM_DATABASE_URL": database_url},
            capture_output=True,
            text=True,
        )

    good = command("run-1")
    assert (good.returncode, good.stdout.splitlines()[1].split(":")[0]) == (0, "gives the same")
    execute(conn, "DELETE FROM prediction_logs")
    assert command("run-1").returncode == 6
    assert command("nobody").returncode == 5


def test_an_hours_lookback_of_the_python_interface_is_repeated(conn, database_url, world):
    world.reference(database_url, world.draw(800, seed=1))
    world.log(database_url, world.draw(900, seed=2))
    plan = world.plan(only="concept")
    shorter = replace(plan, checks=tuple(replace(c, lookback=timedelta(hours=12)) for c in plan.checks))
    run(shorter, database_url=database_url, options=Options(now=world.NOW, run_id="half"))
    assert again(conn, "half").same
