"""A run on real PostgreSQL: what it decides, what it writes, what it says when something is missing."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import timedelta

import pytest

from modelmonitor.job.run import Options, run
from modelmonitor.report.model import RunReport
from modelmonitor.store.connection import connect
from modelmonitor.store.errors import DatabaseRefused, DatabaseUnreachable
from modelmonitor.store.results import list_results


def verdicts(finished):
    return {check.name: str(check.verdict) for check in finished.report.checks}


def stored(database_url, world):
    with closing(connect(database_url, application_name="tests")) as conn:
        return list_results(
            conn, deployment_id="sentiment", since=world.NOW - timedelta(days=400), limit=1000
        )


def test_more_of_the_same_reviews_is_no_drift(database_url, world, tmp_path):
    world.reference(database_url, world.draw(800, seed=1))
    world.log(database_url, world.draw(600, seed=2, labelled=False))
    finished = run(
        world.plan(), database_url=database_url, options=Options(now=world.NOW, report_dir=tmp_path)
    )
    assert verdicts(finished) == {"data": "NoDrift", "concept": "NoDrift", "performance": "NoDrift"}
    assert finished.report.drifting_since is None
    assert finished.report.estimate.low < 0.88 < finished.report.estimate.high


def test_chatter_is_drift_of_every_kind_and_every_place_tells_the_same(database_url, world, tmp_path):
    world.reference(database_url, world.draw(800, seed=1))
    world.log(database_url, world.tweets())
    options = Options(now=world.NOW, report_dir=tmp_path, run_id="run-1")
    finished = run(world.plan(), database_url=database_url, options=options)
    assert verdicts(finished) == dict.fromkeys(("data", "concept", "performance"), "Drift(critical)")
    assert {word.word for word in finished.report.examples.words if word.score > 0} <= set(world.CHATTER)
    assert finished.report.drifting_since == world.NOW
    rows = stored(database_url, world)
    assert {(row.check_name, row.detector, row.feature, row.verdict, row.severity) for row in rows} == {
        ("data", "mmd", "embedding", "Drift", "critical"),
        ("data", "tfidf-similarity", "text", "Drift", "critical"),
        ("concept", "chi-square", "predicted class", "Drift", "critical"),
        ("performance", "ks", "confidence", "Drift", "critical"),
    }
    assert {row.report_url for row in rows} == {str(tmp_path / "run-1.html")}
    assert [(entry.name, entry.verdict, entry.severity) for entry in finished.status] == [
        ("data", "Drift", "critical"),
        ("concept", "Drift", "critical"),
        ("performance", "Drift", "critical"),
    ]
    twin = RunReport.model_validate_json((tmp_path / "run-1.json").read_text())
    assert twin == finished.report
    assert "<h1" in (tmp_path / "run-1.html").read_text()


def test_the_same_data_and_seed_give_the_same_report(database_url, world):
    world.reference(database_url, world.draw(800, seed=1))
    world.log(database_url, world.tweets())
    options = Options(now=world.NOW, run_id="run-1")
    first, second = (run(world.plan(), database_url=database_url, options=options).report for _ in range(2))
    decided = {"checks": {"__all__": {"episode": {"change", "pages"}}}}
    assert second.model_dump(exclude=decided) == first.model_dump(exclude=decided)
    assert {check.episode.change for check in second.checks} == {"none"}
    assert len(stored(database_url, world)) == 4


def test_drift_that_lasts_keeps_its_beginning_until_a_quiet_run(database_url, world):
    world.reference(database_url, world.draw(800, seed=1))
    world.log(database_url, world.tweets())

    def since(hours):
        options = Options(now=world.NOW + timedelta(hours=hours))
        return run(world.plan(), database_url=database_url, options=options).report.drifting_since

    assert since(0) == world.NOW
    assert since(0.01) == world.NOW
    assert since(25) is None


def test_rising_confidence_is_no_degradation(database_url, world):
    world.reference(database_url, world.draw(800, seed=1, sureness=3.0))
    world.log(database_url, world.draw(600, seed=2, sureness=20.0))
    finished = run(world.plan(only="performance"), database_url=database_url, options=Options(now=world.NOW))
    assert verdicts(finished) == {"performance": "NoDrift"}
    assert "rose" in finished.report.checks[0].findings[0].sentence


@pytest.mark.parametrize(
    ("rows", "reference_rows", "code"),
    [(0, 800, "TooFewRows"), (50, 800, "TooFewRows"), (600, 50, "TooFewRows")],
)
def test_too_few_rows_are_inconclusive_and_never_all_well(rows, reference_rows, code, database_url, world):
    world.reference(database_url, world.draw(reference_rows, seed=1))
    if rows:
        world.log(database_url, world.draw(rows, seed=2))
    finished = run(world.plan(), database_url=database_url, options=Options(now=world.NOW))
    assert set(verdicts(finished).values()) == {f"Inconclusive({code})"}
    assert {row.verdict for row in stored(database_url, world)} == {"Inconclusive"}


def test_without_a_reference_the_run_says_how_to_build_one(database_url, world):
    world.log(database_url, world.draw(600, seed=2))
    finished = run(world.plan(), database_url=database_url, options=Options(now=world.NOW))
    assert set(verdicts(finished).values()) == {"Inconclusive(NoReference)"}
    assert "initialize_reference_data" in finished.report.checks[0].sentence
    assert "could not be built" in finished.report.checks[0].sentence
    assert finished.report.window.rows_logged == 600


def test_a_new_model_version_is_not_compared_with_scores_of_the_old(database_url, world):
    world.reference(database_url, world.draw(800, seed=1), version="7")
    world.log(database_url, world.draw(600, seed=2), version="8")
    finished = run(world.plan(), database_url=database_url, options=Options(now=world.NOW))
    assert set(verdicts(finished).values()) == {"Inconclusive(ModelChanged)"}


@pytest.mark.parametrize("privacy", ["hash", "drop"])
def test_private_texts_appear_nowhere_and_the_embedding_still_decides(privacy, database_url, world, tmp_path):
    secret = ["zxsecret", "qvprivate"]
    world.reference(database_url, world.draw(800, seed=1, vocabulary=secret))
    world.log(database_url, world.tweets(vocabulary=secret), keep_text=privacy == "hash")
    options = Options(now=world.NOW, report_dir=tmp_path, run_id="private")
    finished = run(world.plan(privacy), database_url=database_url, options=options)
    assert verdicts(finished)["data"] == "Drift(critical)"
    assert [finding.feature for finding in finished.report.checks[0].findings] == ["embedding"]
    written = "".join(path.read_text() for path in tmp_path.iterdir())
    assert not any(word in written for word in secret)
    assert f"spec.privacy.input is {privacy}" in written


def test_of_many_rows_a_stated_random_part_is_read(database_url, world):
    world.reference(database_url, world.draw(800, seed=1))
    world.log(database_url, world.draw(2500, seed=2))
    finished = run(world.plan(only="concept"), database_url=database_url, options=Options(now=world.NOW))
    assert (finished.report.window.rows_logged, finished.report.window.rows) == (2500, 2000)
    assert finished.report.notes == (
        "2,500 predictions were logged; a random 2,000 of them were read (window.maxRows).",
    )


def test_mlflow_being_down_costs_the_copy_in_mlflow_and_nothing_else(database_url, world, unused_port):
    world.reference(database_url, world.draw(800, seed=1))
    world.log(database_url, world.draw(600, seed=2))
    options = Options(now=world.NOW, mlflow_tracking_uri=f"http://127.0.0.1:{unused_port}")
    finished = run(world.plan(only="concept"), database_url=database_url, options=options)
    assert finished.published.mlflow_run_id is None
    assert len(finished.published.degraded) == 1
    assert "does not answer" in finished.published.degraded[0]
    assert len(stored(database_url, world)) == 1


def test_an_unreachable_database_is_one_sentence_without_the_password(world, unused_port):
    url = f"postgresql://me:hunter2@127.0.0.1:{unused_port}/db"
    with pytest.raises(DatabaseUnreachable) as caught:
        run(world.plan(), database_url=url, options=Options(now=world.NOW))
    assert "hunter2" not in str(caught.value)


def test_a_database_without_tables_is_told_apart(postgres, world):
    with pytest.raises(DatabaseRefused, match="has no tables of ModelMonitor"):
        run(world.plan(), database_url=postgres.create_database("bare"), options=Options(now=world.NOW))


def test_status_entries_are_plain_json(database_url, world):
    world.reference(database_url, world.draw(800, seed=1))
    world.log(database_url, world.tweets())
    finished = run(world.plan(), database_url=database_url, options=Options(now=world.NOW, run_id="r"))
    entry = json.loads(json.dumps([check.to_manifest() for check in finished.status]))[0]
    assert {key: entry[key] for key in ("name", "type", "verdict", "severity", "rows", "modelVersion")} == {
        "name": "data",
        "type": "data",
        "verdict": "Drift",
        "severity": "critical",
        "rows": 600,
        "modelVersion": "7",
    }
