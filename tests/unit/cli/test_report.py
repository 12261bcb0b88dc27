"""The report of a run, read from its JSON twin, as HTML, Markdown and JSON."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from modelmonitor.cli.errors import WrongInput
from modelmonitor.cli.report import read_report, render_report
from modelmonitor.report.check import CheckReport, FindingReport, VerdictReport, WindowReport
from modelmonitor.report.model import BudgetReport, EvidenceReport, RunReport

END = datetime(2026, 11, 23, 2, 7, tzinfo=UTC)
WINDOW = WindowReport(start=END - timedelta(hours=24), end=END, rows_logged=4812, rows=2000)
DRIFT = VerdictReport(outcome="Drift", severity="critical")
FINDING = FindingReport(
    feature="embedding",
    verdict=DRIFT,
    detector="mmd",
    backend="native",
    statistic=0.031,
    p_value=0.0002,
    effect_size=0.31,
    effect_name="MMD relative to the spread of the reference, 0 to 1",
    effect_warning=0.1,
    effect_critical=0.2,
    level=0.0028,
    n_reference=2000,
    n_window=2000,
    parameters={},
    sentence="The embedding was compared.",
)
REPORT = RunReport(
    run_id="8f2c1b",
    finished_at=END,
    monitor="senti|ment",
    deployment_id="sentiment",
    model_name="sentiment",
    model_version="7",
    window=WINDOW,
    reference=None,
    budget=BudgetReport(max=1, per="30d"),
    checks=(
        CheckReport(
            name="data",
            type="data",
            detector="mmd",
            backend="native",
            level=0.0056,
            suspected=False,
            window=WINDOW,
            findings=(FINDING,),
            verdict=DRIFT,
            sentence="The data check ran.",
        ),
    ),
    evidence=EvidenceReport(seed=1, reference_rows=None, window_rows={}, plan="{}", packages={}),
)


def test_json_comes_back_as_it_was_written():
    text = REPORT.model_dump_json(indent=2)

    assert render_report(read_report(text, source="report.json"), "json") == text


def test_markdown_answers_the_six_questions_and_escapes_what_was_logged():
    lines = render_report(REPORT, "md").splitlines()

    assert lines[0] == r"# senti\|ment: Critical: data drift"
    assert lines[2] == "Run 8f2c1b, window 2026-11-22 02:07 to 2026-11-23 02:07 UTC, model version 7."
    asked = [line.partition(":**")[0] for line in lines if line.startswith("- **")]
    assert list(dict.fromkeys(asked)) == [
        "- **What changed",
        "- **Since when",
        "- **How sure",
        "- **Does it hurt",
        "- **What to do",
    ]
    assert lines[-1] == "| data | data | Drift critical | mmd | 0.0002 | 0.31 |"


def test_html_is_one_page():
    page = render_report(REPORT, "html")

    assert page.lstrip().lower().startswith("<!doctype html>")
    assert "8f2c1b" in page


@pytest.mark.parametrize("text", ["", "{}", "[1]", "no json"])
def test_what_is_no_report_is_told_so(text):
    with pytest.raises(WrongInput, match=r"^other\.json is no report of this version of ModelMonitor: "):
        read_report(text, source="other.json")
