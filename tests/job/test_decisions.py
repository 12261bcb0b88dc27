"""Episodes, looks, triggers and late labels over many runs on a real PostgreSQL."""

from __future__ import annotations

import uuid
from contextlib import closing
from datetime import timedelta

import numpy as np
import pytest

from modelmonitor.job.run import Options, run
from modelmonitor.store.connection import connect
from modelmonitor.store.feedback import Feedback, record_labels
from modelmonitor.store.window_quality import list_quality

DAY = timedelta(days=1)


@pytest.fixture
def judge(database_url, world):
    """Runs the quick concept check at a moment, by default that of the world."""

    def judge(*, days=0.0, hours=0.0, plan=None, **options):
        now = world.NOW + days * DAY + timedelta(hours=hours)
        return run(
            plan or world.plan(only="concept"), database_url=database_url, options=Options(now=now, **options)
        )

    return judge


def rows(database_url, statement):
    with closing(connect(database_url, application_name="tests")) as conn, conn, conn.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def episodes(database_url):
    return rows(
        database_url,
        "SELECT check_name, severity, runs, quiet_runs, pages, number, same_as IS NOT NULL, "
        "ended_at IS NOT NULL FROM drift_episodes ORDER BY started_at, check_name",
    )


def log_days(world, database_url, *, positives):
    """One day of traffic for each share of positive predictions, the first ends at the world's present."""
    for day, positive in enumerate(positives):
        world.log(
            database_url,
            world.draw(500, seed=day + 10, positive=positive, labelled=False, end=world.NOW + day * DAY),
        )


def test_drift_over_days_is_one_episode_that_pages_when_it_begins_and_when_it_gets_worse(
    database_url, world, judge
):
    world.reference(database_url, world.draw(800, seed=1))
    log_days(world, database_url, positives=[0.5, 0.59, 0.59, 0.9, 0.9, 0.5, 0.5])
    changes = []
    for day in range(7):
        check = judge(days=day).report.checks[0]
        changes.append((check.episode.change, check.episode.pages) if check.episode else None)
    assert changes == [
        None,
        ("opened", True),
        ("continued", False),
        ("worsened", True),
        ("continued", False),
        ("quieter", False),
        ("closed", False),
    ]
    assert episodes(database_url) == [("concept", "critical", 4, 2, 2, 1, False, True)]


def test_a_drift_that_returns_is_told_as_the_same_in_report_and_status(database_url, world, judge):
    world.reference(database_url, world.draw(800, seed=1))
    log_days(world, database_url, positives=[0.8, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.8])
    for day in range(8):
        last = judge(days=day)
    (entry,) = last.status
    assert entry.episode.started_at == world.NOW + 7 * DAY
    assert (entry.episode.same_as, entry.episode.number) == (world.NOW, 2)
    assert [each[4:] for each in episodes(database_url)] == [(1, 1, False, True), (1, 2, True, False)]
    html = last.report.model_dump_json()
    assert '"number":2' in html


def test_the_same_run_made_again_decides_nothing_twice(database_url, world, judge):
    world.reference(database_url, world.draw(800, seed=1))
    log_days(world, database_url, positives=[0.8])
    first, again = judge(run_id="r-1"), judge(run_id="r-1")
    assert [entry.episode for entry in again.status] == [entry.episode for entry in first.status]
    assert episodes(database_url) == [("concept", "critical", 1, 0, 1, 1, False, False)]
    assert rows(database_url, "SELECT count(*), count(DISTINCT run_id) FROM drift_results") == [(1, 1)]
    assert rows(database_url, "SELECT count(*) FROM retrain_triggers") == [(0,)]


def test_looks_beyond_the_schedule_are_paid_from_the_reserve(database_url, world, judge):
    world.reference(database_url, world.draw(800, seed=1))
    log_days(world, database_url, positives=[0.5])
    checks = [judge(hours=0.1 * number).report.checks[0] for number in range(8)]
    assert [check.look for check in checks] == ["scheduled", *["extra"] * 7]
    levels = [check.paging_level for check in checks]
    assert levels == sorted(levels, reverse=True)
    assert levels[-1] < levels[0] / 5


def test_an_hourly_run_sees_a_fresh_change_in_the_newest_part_of_its_window(database_url, world, judge):
    world.reference(database_url, world.draw(2000, seed=1))
    world.log(database_url, world.draw(1600, seed=2, labelled=False))
    world.log(database_url, world.draw(400, seed=3, positive=1.0, labelled=False, seconds=9_000))
    (finding,) = judge(plan=world.hourly_plan(only="concept")).report.checks[0].findings
    assert finding.verdict.outcome == "Drift"
    assert finding.since == world.NOW - timedelta(hours=3)
    assert finding.parts == 4
    (stored,) = rows(database_url, "SELECT window_start, level FROM drift_results")
    assert stored == (finding.since, finding.level)


def test_only_the_newest_rows_are_judged_where_the_monitor_says_so(database_url, world, judge):
    world.reference(database_url, world.draw(800, seed=1))
    world.log(database_url, world.draw(600, seed=2, positive=0.9, labelled=False))
    world.log(database_url, world.draw(300, seed=3, labelled=False, seconds=2, end=world.NOW))
    plan = world.plan(only="concept")
    (check,) = plan.checks
    from dataclasses import replace

    found = judge(plan=replace(plan, checks=(replace(check, newest=300),))).report
    assert (found.window.rows_logged, found.window.rows, str(found.verdict)) == (300, 300, "NoDrift")
    assert found.window.start >= world.NOW - timedelta(seconds=2)


def test_predictions_of_another_version_are_counted_and_told(database_url, world, judge):
    world.reference(database_url, world.draw(800, seed=1))
    world.log(database_url, world.draw(600, seed=2, labelled=False))
    world.log(database_url, world.draw(200, seed=3, labelled=False), version="8")
    finished = judge()
    assert finished.report.window.other_versions == 200
    assert finished.status[0].version_share == "0.75"
    assert any("200 of 800 predictions" in note for note in finished.report.notes)


def test_late_labels_revise_the_window_they_belong_to(database_url, world, judge):
    world.reference(database_url, world.draw(800, seed=1))
    sample = world.draw(400, seed=2)
    world.log(database_url, sample)

    def known():
        with closing(connect(database_url, application_name="tests")) as conn:
            return list_quality(conn, namespace="ml", monitor="sentiment", deployment_id="sentiment", limit=5)

    plan = world.plan(only="performance")
    judge(plan=plan)
    (before,) = known()
    assert (before.predictions, before.labelled, before.accuracy) == (400, 0, None)
    _label(database_url, sample, moment=world.NOW + 2 * DAY)
    world.log(database_url, world.draw(400, seed=3, labelled=False, end=world.NOW + DAY))
    judge(plan=plan, days=1)
    latest, revised = known()
    assert (latest.labelled, revised.labelled) == (0, 400)
    assert revised.accuracy == pytest.approx(float(np.mean(sample.labels == sample.predicted)))
    assert revised.accuracy_low < revised.accuracy < revised.accuracy_high
    assert revised.label_delay_s > DAY.total_seconds()
    assert rows(database_url, "SELECT max(revisions) FROM quality_by_window") == [(1,)]


def test_labels_of_the_window_are_measured_over_all_of_it(database_url, world, judge):
    world.reference(database_url, world.draw(800, seed=1))
    sample = world.draw(400, seed=2)
    world.log(database_url, sample)
    _label(database_url, sample.take(np.arange(100)), moment=world.NOW)
    finished = judge(plan=world.plan(only="performance"))
    assert (finished.report.labelled.rows, finished.report.labelled.coverage) == (100, 0.25)
    assert finished.status[0].labelled.coverage == "0.25"


def test_low_confidence_recommends_training_after_three_days_and_every_trigger_is_kept(
    database_url, world, judge
):
    world.reference(database_url, world.draw(800, seed=1))
    for day in range(3):
        world.log(
            database_url,
            world.draw(400, seed=day + 5, sureness=0.4, labelled=False, end=world.NOW + day * DAY),
        )
    plan = world.plan(only="performance")
    found = [judge(plan=plan, days=day).report.retrain for day in range(3)]
    low = [next(each for each in reasons if each.trigger == "low-confidence") for reasons in found]
    assert [(each.runs, each.established) for each in low] == [(1, False), (2, False), (3, True)]
    kept = rows(
        database_url, "SELECT trigger, count(*), bool_or(established) FROM retrain_triggers GROUP BY 1"
    )
    assert {each[0]: each[1:] for each in kept}["low-confidence"] == (3, True)
    assert {each[0] for each in kept} == {
        "confidence-declining",
        "repeated-drift",
        "low-confidence",
        "requested",
    }


def test_this_week_is_compared_with_the_last_from_the_log(database_url, world):
    from modelmonitor.job.weekly import weekly_comparison

    for day in range(14):
        world.log(
            database_url,
            world.draw(
                100,
                seed=day,
                sureness=3.0 if day < 7 else 12.0,
                end=world.NOW - day * DAY,
                seconds=80_000,
            ),
        )
    with closing(connect(database_url, application_name="tests")) as conn:
        rows_of = weekly_comparison(conn, deployment_id="sentiment", end=world.NOW).rows
    found = {row.name: row for row in rows_of}
    # Hours are whole, so the one in which the weeks meet belongs to one of them.
    assert found["predictions"].this + found["predictions"].last == pytest.approx(1400, abs=10)
    assert found["mean confidence"].certain
    assert found["mean confidence"].this < found["mean confidence"].last
    assert not found["share of POSITIVE"].certain


def _label(database_url, sample, *, moment):
    labels = [
        Feedback(uuid.UUID(identity), sample.classes[label], moment, "tests")
        for identity, label in zip(sample.prediction_ids, sample.labels, strict=True)
    ]
    with closing(connect(database_url, application_name="tests")) as conn:
        assert record_labels(conn, labels) == len(labels)
