"""The regular report as its CronJob makes it: a process, a real database, a real MLflow store."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

pytestmark = pytest.mark.timeout(300)
Report = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def report(filled: str, tmp_path: Path) -> Report:
    """Makes the report of the monitor `sentiment`, with these changes of the environment."""
    spec = {
        "target": {"podSelector": {"matchLabels": {"app": "sentiment"}}, "modelName": "sentiment"},
        "reference": {"dataset": "movie-reviews"},
        "report": {"keep": 2, "experiment": "reviews"},
    }
    monitor = {
        "apiVersion": "modelmonitor.io/v1alpha1",
        "kind": "ModelMonitor",
        "metadata": {"name": "sentiment", "namespace": "ml"},
        "spec": spec,
    }
    (tmp_path / "monitor.yaml").write_text(json.dumps(monitor))

    def make(**changes: str) -> subprocess.CompletedProcess[str]:
        known = {name: value for name, value in os.environ.items() if not name.startswith("MM_")}
        environment = {
            "MM_JOB_MONITOR": str(tmp_path / "monitor.yaml"),
            "MM_JOB_DATABASE_URL": filled,
            "MM_JOB_MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/mlflow.db",
            **changes,
        }
        return subprocess.run(
            [sys.executable, "-m", "modelmonitor.cli.regular_report"],
            env={**known, **environment},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=200,
        )

    return make


def runs(folder: Path) -> list[Any]:
    client = MlflowClient(tracking_uri=f"sqlite:///{folder}/mlflow.db")
    experiment = client.get_experiment_by_name("reviews")
    return list(client.search_runs([experiment.experiment_id], order_by=["attributes.start_time"]))


def test_it_is_a_page_in_mlflow_once_a_day_and_the_oldest_go(report: Report, tmp_path: Path) -> None:
    days = ("2026-11-09", "2026-11-16", "2026-11-23", "2026-11-23")
    made = [report(MM_JOB_NOW=f"{day}T06:00:00Z") for day in days]

    assert [each.returncode for each in made] == [0, 0, 0, 0], made[-1].stderr
    found = runs(tmp_path)
    assert [run.info.run_name for run in found] == [
        "review ml/sentiment 2026-11-16",
        "review ml/sentiment 2026-11-23",
    ]
    (page,) = (tmp_path / "mlruns").rglob(f"{found[-1].info.run_id}/artifacts/review.html")
    assert "<h1" in page.read_text()
    assert made[-1].stdout.startswith("sentiment, week 2026-11-16 to 2026-11-23 UTC")


def test_it_holds_what_the_weekly_review_shows(report: Report, tmp_path: Path) -> None:
    done = report(MM_JOB_REPORT_DIR=str(tmp_path / "reports"))

    assert done.returncode == 0, done.stderr
    (page,) = (tmp_path / "reports").glob("review-sentiment-*.html")
    assert "1 of 2 runs said drift (data)" in page.read_text()
    assert "1 of 2 runs said drift (data)" in done.stdout


def test_without_mlflow_the_log_has_it_and_says_so(report: Report) -> None:
    done = report(MM_JOB_MLFLOW_TRACKING_URI="")

    assert done.returncode == 0, done.stderr
    assert "1 of 2 runs said drift (data)" in done.stdout
    assert "the report is in this log only" in done.stderr


@pytest.mark.parametrize(
    ("changes", "code", "sentence"),
    [
        (
            {"MM_JOB_DATABASE_URL": "postgresql://u:geheim@127.0.0.1:1/x"},
            3,
            "Connection refused; check that it runs",
        ),
        ({"MM_JOB_MLFLOW_TRACKING_URI": "http://127.0.0.1:1"}, 3, "MLflow at http://127.0.0.1:1"),
        ({"MM_JOB_MONITOR": "/nowhere.yaml"}, 2, "correct MM_JOB_MONITOR"),
        ({"MM_JOB_NOW": "yesterday"}, 2, "MM_JOB_NOW"),
    ],
)
def test_what_keeps_it_from_being_made_is_a_sentence_and_an_exit_code(
    report: Report, changes: dict[str, str], code: int, sentence: str
) -> None:
    done = report(**changes)

    assert done.returncode == code
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert "geheim" not in done.stderr
