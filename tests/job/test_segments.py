"""Checks that are split by a logged column, on real PostgreSQL."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from modelmonitor.api.load import load_monitor
from modelmonitor.job.plan import plan_run
from modelmonitor.job.run import Options, run
from modelmonitor.store.connection import connect


@pytest.fixture
def split_plan(world):
    text = world.monitor_text()
    for kind in ("data", "concept", "performance"):
        text = text.replace(f"type: {kind},", f"type: {kind}, segments: [channel],")
    return plan_run(load_monitor(text, source="test"))


@pytest.fixture
def judge(database_url, world, split_plan, tmp_path):
    def judged(**options):
        chosen = Options(now=world.NOW, report_dir=tmp_path, **options)
        return run(split_plan, database_url=database_url, options=chosen)

    return judged


def stored(database_url):
    with closing(connect(database_url, application_name="tests")) as conn, conn.cursor() as cursor:
        cursor.execute(
            "SELECT check_name, segment, verdict, n_reference, n_window FROM drift_results "
            "WHERE check_name = 'data' AND detector = 'mmd' ORDER BY result_id"
        )
        return cursor.fetchall()


def test_drift_of_one_channel_is_told_by_name_everywhere_and_paid_from_the_budget(
    database_url, world, judge, split_plan, tmp_path
):
    world.reference(
        database_url, world.in_channels({"app": world.draw(700, seed=1), "web": world.draw(300, seed=2)})
    )
    strange = world.tweets(260, seed=4, labelled=True, accuracy=0.6)
    calm = world.draw(900, seed=3, labelled=False)
    world.log(database_url, world.in_channels({"app": calm, "web": strange}))
    finished = judge(run_id="run-1")
    data = finished.report.checks[0]
    assert str(data.verdict) == "Drift(critical)"
    assert [(each.name, str(each.verdict), each.rows, each.reference_rows) for each in data.segments] == [
        ("channel=app", "NoDrift", 900, 700),
        ("channel=web", "Drift(critical)", 260, 300),
    ]
    assert data.segments[1].share > 0.9
    assert "In channel=web:" in data.sentence
    spent = sum(finding.level for finding in data.findings)
    spent += sum(finding.level for segment in data.segments for finding in segment.findings)
    assert spent == pytest.approx(data.level)
    assert stored(database_url) == [
        ("data", "", "Drift", 1000, 1160),
        ("data", "channel=app", "NoDrift", 700, 900),
        ("data", "channel=web", "Drift", 300, 260),
    ]
    (first, second) = finished.status[0].segments
    assert (first.name, first.verdict, first.severity, first.rows) == (
        "channel=web",
        "Drift",
        "critical",
        260,
    )
    assert (second.name, second.verdict) == ("channel=app", "NoDrift")
    twin = json.loads((tmp_path / "run-1.json").read_text())
    assert twin["checks"][0]["segments"][1]["name"] == "channel=web"
    assert "channel=web" in (tmp_path / "run-1.html").read_text()


def test_a_small_drifting_channel_is_found_though_the_window_as_a_whole_is_calm(database_url, world, judge):
    world.reference(
        database_url, world.in_channels({"app": world.draw(1500, seed=1), "web": world.draw(400, seed=2)})
    )
    mild = world.draw(220, seed=4, labelled=False, positive=0.8)
    world.log(
        database_url,
        world.in_channels({"app": world.draw(1780, seed=3, labelled=False, positive=0.47), "web": mild}),
    )
    concept = judge().report.checks[1]
    assert str(concept.findings[0].verdict) == "NoDrift"
    assert [str(each.verdict) for each in concept.segments] == ["NoDrift", "Drift(critical)"]
    assert str(concept.verdict) == "Drift(critical)"
    assert concept.leading.segment == "channel=web"
    assert concept.fingerprint is not None
    assert (concept.episode.change, concept.episode.pages) == ("opened", True)


def test_the_quality_of_each_channel_is_told_with_the_performance_check(database_url, world, judge):
    world.reference(database_url, world.draw(800, seed=1))
    good, bad = (world.draw(300, seed=seed, accuracy=accuracy) for seed, accuracy in ((3, 0.9), (4, 0.5)))
    world.log(database_url, world.in_channels({"app": good, "web": bad}))
    with closing(connect(database_url, application_name="tests")) as conn, conn, conn.cursor() as cursor:
        for sample in (good, bad):
            for row, identity in enumerate(sample.prediction_ids):
                cursor.execute(
                    "INSERT INTO feedback (prediction_id, label, labelled_at, source) "
                    "VALUES (%s, %s, now(), 'test')",
                    (identity, sample.classes[sample.labels[row]]),
                )
    checks = judge().report.checks
    assert all(segment.labelled is None for segment in checks[0].segments)
    app, web = checks[2].segments
    assert (app.name, app.labelled.rows, web.labelled.rows) == ("channel=app", 300, 300)
    assert app.labelled.low > 0.8
    assert web.labelled.high < 0.65
    assert app.estimate.low < 0.9 < app.estimate.high


def test_small_channels_are_inconclusive_and_spoil_no_verdict(database_url, world, judge):
    world.reference(database_url, world.draw(800, seed=1))
    world.log(
        database_url,
        world.in_channels(
            {"app": world.draw(500, seed=3, labelled=False), "fax": world.draw(30, seed=4, labelled=False)}
        ),
    )
    finished = judge()
    assert [(each.name, str(each.verdict)) for each in finished.report.checks[0].segments] == [
        ("channel=app", "NoDrift"),
        ("channel=(others)", "Inconclusive(TooFewRows)"),
    ]
    assert str(finished.report.checks[0].verdict) == "NoDrift"
    assert [row[1:] for row in stored(database_url)] == [
        ("", "NoDrift", 800, 530),
        ("channel=app", "NoDrift", 800, 500),
        ("channel=(others)", "Inconclusive", 800, 30),
    ]


def test_a_column_that_nobody_sends_is_noted(database_url, world, judge):
    world.reference(database_url, world.draw(800, seed=1))
    world.log(database_url, world.draw(500, seed=3, labelled=False))
    finished = judge()
    assert finished.report.checks[0].segments == ()
    assert finished.report.checks[0].findings[0].level * 2 == pytest.approx(finished.report.checks[0].level)
    assert any("was not split by channel" in note for note in finished.report.notes)
