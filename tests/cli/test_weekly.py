"""The weekly review, the live view's frame, the doctor and reports, on a real database."""

from __future__ import annotations

import json
import re


def test_the_review_sets_this_week_beside_the_last(cli, filled):
    finished = cli("review", MM_DATABASE_URL=filled)

    assert (finished.code, finished.err) == (0, "")
    assert "look at  1 of 2 runs said drift (data): modelmonitor drift show run-2" in finished.out
    assert "predictions         " in finished.out
    assert "alerts   2 this week, 1 fire now" in finished.out


def test_the_review_as_json_counts_what_the_database_holds(cli, filled):
    (item,) = json.loads(cli("review", "-o", "json", MM_DATABASE_URL=filled).out)["items"]

    assert item["name"] == "sentiment"
    assert item["this"]["labels"] == {"labelled": 0, "right": 0, "accuracy": None}
    totals = [sum(item[week]["predictions"]["classes"].values()) for week in ("this", "last")]
    assert totals == [20, 8]
    assert [run["run"] for run in item["runs"]] == ["run-2", "run-1"]


def test_the_review_as_a_page_says_the_same(cli, filled, tmp_path):
    page = tmp_path / "review.html"
    finished = cli("review", "--format", "html", "--out", str(page), MM_DATABASE_URL=filled)

    html = page.read_text()
    assert (finished.code, finished.out, finished.err.strip()) == (0, "", f"wrote {page}")
    assert "1 of 2 runs said drift (data): modelmonitor drift show run-2" in html
    assert "The input looks different." in html
    assert html.count("ModelDriftDetected") == 2
    assert "<script" not in html


def test_without_a_terminal_the_live_view_prints_one_frame(cli, filled, exporter):
    finished = cli("top", "--predictor-url", exporter, MM_DATABASE_URL=filled)

    lines = [line.split() for line in finished.out.splitlines()]
    assert (finished.code, len(lines)) == (0, 2)
    assert lines[1][:2] == ["sentiment", "Critical"]
    assert "data 3h ago" in finished.out


def test_the_doctor_finds_what_is_wrong_and_says_how_to_mend_it(cli, filled, exporter):
    finished = cli("doctor", "--predictor-url", exporter, MM_DATABASE_URL=filled)

    assert finished.code == 1
    assert "ok      model: sentiment 3 is loaded" in finished.out
    assert "ok      schema: every migration is applied" in finished.out
    assert re.search(r"problem prediction log: no prediction of sentiment for 3\.\d hours", finished.out)
    assert "skipped Prometheus: no address is known" in finished.out


def test_a_report_that_is_elsewhere_is_told_with_its_place(cli, filled):
    finished = cli("report", MM_DATABASE_URL=filled)

    assert (finished.code, finished.out) == (5, "")
    assert "the report of run run-2 is not here (reports/run-2.html)" in finished.err
