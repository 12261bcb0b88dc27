"""A reference that nobody built: the served model scores its texts, once, or the run says what is missing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from modelmonitor.api.load import load_monitor
from modelmonitor.job.plan import plan_run
from modelmonitor.job.references.sources import Sources
from modelmonitor.job.run import Options, run
from modelmonitor.store.connection import connect
from modelmonitor.store.datasets import save_dataset
from modelmonitor.store.references import list_references, load_reference

TEXTS = [(f"{'good film ' * (i % 9 + 1)}{i}", "POSITIVE" if i % 2 else "NEGATIVE") for i in range(300)]


@pytest.fixture
def conn(database_url):
    with closing(connect(database_url, application_name="tests")) as connection:
        yield connection


@pytest.fixture
def imported(conn, world):
    save_dataset(conn, "movie-reviews", TEXTS, now=world.NOW)


@pytest.fixture
def check(database_url, world, predictor):
    """Runs the concept check as a job does, with a predictor to ask unless something else is said."""

    def check(*, hours=0.0, plan=None, **sources):
        given = {"predictor_url": predictor.url, "score_token": predictor.token, "datasets": {}.__getitem__}
        now = world.NOW + timedelta(hours=hours)
        options = Options(now=now, sources=Sources(**{**given, **sources}))
        return run(plan or world.plan(only="concept"), database_url=database_url, options=options).report

    return check


def spec(world, **changes):
    plan = world.plan(only="concept")
    return replace(
        plan, reference=replace(plan.reference, spec=plan.reference.spec.model_copy(update=changes))
    )


def versions(conn):
    return [(each.version, each.model_version, each.rows) for each in list_references(conn)]


def test_imported_texts_are_scored_by_the_first_run_and_by_no_later_one(
    conn, imported, check, predictor, database_url, world
):
    world.log(database_url, world.draw(600, seed=2))
    first, second = check(), check(hours=0.1)
    assert [str(report.checks[0].verdict) for report in (first, second)] == ["NoDrift"] * 2
    assert (first.reference.rows, first.reference.model_version) == (300, "7")
    assert first.reference.origin == "data set movie-reviews, import 1, scored by sentiment 7"
    assert predictor.requests == [1, 64, 64, 64, 64, 44]
    assert versions(conn) == [(1, "7", 300)]


def test_a_reference_is_built_before_there_is_any_traffic(conn, imported, check):
    report = check()
    assert report.checks[0].verdict.code == "TooFewRows"
    assert versions(conn) == [(1, "7", 300)]


def test_a_package_may_bring_the_texts(conn, check):
    report = check(datasets={"movie-reviews": TEXTS}.__getitem__)
    assert report.reference.origin == "data set movie-reviews scored by sentiment 7"
    assert versions(conn) == [(1, "7", 300)]


def test_a_new_model_version_scores_the_stored_texts_anew_and_their_labels_stay(
    conn, check, predictor, database_url, world
):
    check(datasets={"movie-reviews": TEXTS}.__getitem__)
    predictor.version = "8"
    world.log(database_url, world.draw(600, seed=2), version="8")
    report = check()
    assert report.reference.origin == "the texts of version 1 scored by sentiment 8"
    assert versions(conn) == [(2, "8", 300), (1, "7", 300)]
    before, now = (
        load_reference(conn, name="movie-reviews", model_name="sentiment", version=n) for n in (1, 2)
    )
    assert np.array_equal(before.sample.labels, now.sample.labels)
    assert before.sample.texts == now.sample.texts


def test_a_model_that_is_rolled_back_finds_its_old_reference(
    conn, imported, check, predictor, database_url, world
):
    check()
    predictor.version = "8"
    world.log(
        database_url, world.draw(600, seed=2, end=world.NOW - timedelta(hours=2), seconds=3600), version="8"
    )
    assert check().reference.version == 2
    world.log(database_url, world.draw(600, seed=3, seconds=3600), version="7")
    assert check().reference.version == 1
    assert versions(conn) == [(2, "8", 300), (1, "7", 300)]


def test_a_canary_with_a_small_share_gets_no_reference_yet(conn, imported, check, database_url, world):
    check()
    world.log(database_url, world.draw(600, seed=2), version="7")
    world.log(database_url, world.draw(60, seed=3), version="8")
    report = check()
    assert report.reference.version == 1
    assert report.window.other_versions == 60


def test_other_texts_under_the_name_become_the_next_version(conn, imported, check, world):
    check()
    save_dataset(conn, "movie-reviews", TEXTS[:200], now=world.NOW)
    assert check().reference.rows == 200
    assert versions(conn) == [(2, "7", 200), (1, "7", 300)]


def test_refresh_never_keeps_the_first(conn, imported, check, predictor, database_url, world):
    never = spec(world, refresh="never")
    check(plan=never)
    predictor.version = "8"
    world.log(database_url, world.draw(600, seed=2), version="8")
    report = check(plan=never)
    assert report.checks[0].verdict.code == "ModelChanged"
    assert versions(conn) == [(1, "7", 300)]


def test_a_served_version_that_is_not_the_watched_one_is_told(conn, imported, check, world):
    report = check(plan=replace(world.plan(only="concept"), model_version="9"))
    assert report.checks[0].verdict.code == "NoReference"
    assert "Version 9 is watched" in report.checks[0].sentence
    assert versions(conn) == []


@pytest.mark.parametrize(
    ("sources", "sentence"),
    [
        ({"predictor_url": None}, "set spec.target.scoring.url"),
        ({"score_token": ""}, "into Secret sentiment-score-token, key token"),
        ({"score_token": "wrong"}, "refused the token"),
        ({"predictor_url": "http://127.0.0.1:1"}, "does not answer"),
    ],
)
def test_what_is_missing_is_told_with_its_fix_and_nothing_is_saved(conn, imported, check, sources, sentence):
    report = check(**sources)
    assert report.checks[0].verdict.code == "NoReference"
    assert sentence in report.checks[0].sentence
    assert versions(conn) == []


def test_a_server_that_is_not_ours_is_told_the_other_sources(imported, check, predictor):
    report = check(predictor_url=f"{predictor.url}/v2")
    assert "compare with reference.window or reference.rolling" in report.checks[0].sentence


def test_a_data_set_that_nobody_has_is_told_with_the_command_that_brings_it(conn, check):
    report = check()
    assert "`modelmonitor reference import movie-reviews FILE`" in report.checks[0].sentence
    assert versions(conn) == []


def test_a_package_that_fails_costs_the_reference_and_not_the_run(check):
    def broken(name):
        raise OSError("no route to host")

    assert "cannot be read (no route to host)" in check(datasets=broken).checks[0].sentence


def test_a_new_version_that_cannot_be_scored_leaves_the_old_one_and_says_so(
    imported, check, database_url, world
):
    check()
    world.log(
        database_url, world.draw(400, seed=2, end=world.NOW - timedelta(hours=1), seconds=50_000), version="7"
    )
    world.log(database_url, world.draw(300, seed=3, seconds=600), version="8")
    report = check(score_token="")
    assert report.checks[0].verdict.outcome == "NoDrift"
    assert report.window.rows == 400
    assert "no newer could be built" in report.notes[0]


@pytest.mark.parametrize("missing", [{"predictor_url": None}, {"score_token": ""}])
def test_no_texts_are_fetched_that_nobody_can_score(check, missing):
    fetched = []
    check(**missing, datasets=fetched.append)
    assert fetched == []


def test_checks_at_the_same_minute_build_one_reference(conn, imported, check, predictor):
    with ThreadPoolExecutor(3) as pool:
        reports = list(pool.map(lambda _: check(), range(3)))
    assert {report.reference.version for report in reports} == {1}
    assert sum(predictor.requests) == 1 + len(TEXTS)
    assert versions(conn) == [(1, "7", 300)]


def test_the_monitor_of_three_lines_asks_the_inference_service():
    text = (
        "apiVersion: modelmonitor.io/v1alpha1\nkind: ModelMonitor\nmetadata: {name: s, namespace: ml}\n"
        "spec: {target: {inferenceService: sentiment}, reference: {dataset: movie-reviews}}\n"
    )
    monitor = load_monitor(text, source="test")
    assert monitor.spec.target.score_url("ml") == "http://sentiment-predictor.ml.svc"
    assert plan_run(monitor, alibi_installed=False).reference.name == "movie-reviews"
