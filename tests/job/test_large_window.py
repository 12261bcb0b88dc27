"""A window of more rows than a sample holds: every row counts where a test can use it."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import numpy as np
import pytest

from modelmonitor.detect.mmd_fourier import FourierMeanDiscrepancy, sums_of
from modelmonitor.detect.registry import detector
from modelmonitor.job.read import read
from modelmonitor.job.references.sources import Sources
from modelmonitor.job.run import Options, run
from modelmonitor.store.connection import connect
from modelmonitor.store.windows import read_window

SAMPLE_ROWS = 500
LOGGED = 900


@pytest.fixture
def logged(database_url, world, monkeypatch):
    """The reference, and more predictions than a sample holds: 500 here, to log fewer."""
    monkeypatch.setattr("modelmonitor.job.read.SAMPLE_ROWS", SAMPLE_ROWS)
    world.log(database_url, world.draw(LOGGED, seed=2, labelled=False))
    return world.reference(database_url, world.draw(600, seed=1)).sample


def test_tests_that_can_use_every_row_do_and_the_others_say_how_many_they_took(database_url, world, logged):
    finished = run(world.large_plan(), database_url=database_url, options=Options(now=world.NOW))
    report = finished.report
    assert (report.window.rows_logged, report.window.rows) == (LOGGED, LOGGED)
    assert {
        finding.detector: finding.n_window
        for check in report.checks
        for finding in check.findings
        if finding.since == report.window.start
    }["mmd-fourier"] == LOGGED
    rows = {finding.detector: finding.n_window for check in report.checks for finding in check.findings}
    assert (rows["ks"], rows["tfidf-similarity"]) == (LOGGED, SAMPLE_ROWS)
    assert {str(check.verdict) for check in report.checks} == {"NoDrift"}
    assert " ".join(report.notes) == (
        f"Of {LOGGED:,} predictions that were read, texts, estimates and the tests that take fewer rows "
        f"use a random {SAMPLE_ROWS:,}."
    )


def test_a_repeated_run_gives_the_same_findings_and_evidence(database_url, world, logged):
    options = [Options(now=world.NOW, run_id=name, packages={}) for name in ("one", "two")]
    first, second = (
        run(world.large_plan(), database_url=database_url, options=each).report for each in options
    )
    assert first.evidence == second.evidence
    assert [check.findings for check in first.checks] == [check.findings for check in second.checks]


def test_streamed_rows_give_what_the_whole_sample_gives(database_url, world, logged):
    plan = world.large_plan()
    with closing(connect(database_url, application_name="tests")) as conn:
        windows = read(conn, plan, sources=Sources(), now=world.NOW, seed=5).windows
        whole = read_window(
            conn,
            deployment_id="sentiment",
            start=world.NOW - timedelta(days=1),
            end=world.NOW,
            classes=logged.classes,
            max_rows=LOGGED,
            seed=5,
        )
    bulk = windows["data"].bulk
    (feature_map, sums) = bulk.sums[FourierMeanDiscrepancy()]
    expected = sums_of([whole.embeddings], feature_map)
    np.testing.assert_allclose(sums.total, expected.total, rtol=1e-4, atol=1e-2)
    np.testing.assert_allclose(sums.products, expected.products, rtol=1e-3, atol=1e-2)
    for name in ("chi-square", "ks"):
        test = detector(name, backend="native")
        assert test(logged, bulk.columns, level=0.01, seed=0) == test(logged, whole, level=0.01, seed=0)


def test_newer_parts_hold_all_of_their_rows(database_url, world, logged):
    plan = world.large_plan(only="concept")
    with closing(connect(database_url, application_name="tests")) as conn:
        window = read(conn, plan, sources=Sources(), now=world.NOW, seed=5).windows["concept"]
    at = window.bulk.columns.predicted_at
    expected = [
        int((at >= np.datetime64(part.start.replace(tzinfo=None), "us")).sum()) for part in window.parts
    ]
    assert [len(part.columns) for part in window.parts] == expected
    assert expected == sorted(expected, reverse=True)
    assert len(expected) == 4
    assert sum(len(part.sample) > 0 for part in window.parts) == len(expected)


def test_drift_in_a_large_window_is_found_by_its_sums(database_url, world, logged):
    world.log(database_url, world.tweets(400))
    finished = run(world.large_plan(), database_url=database_url, options=Options(now=world.NOW))
    found = {
        finding.detector: (finding.n_window, finding.verdict.outcome)
        for check in finished.report.checks
        for finding in check.findings
    }
    assert found["mmd-fourier"] == (LOGGED + 400, "Drift")
    assert found["ks"] == (LOGGED + 400, "Drift")
