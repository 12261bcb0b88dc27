"""Files that are made of others are up to date, and the charts' own tests pass."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.charts.conftest import CHARTS, ROOT

NAMES = ["modelmonitor", "monitoring-stack", "sentiment-predictor", "modelmonitor-stack"]


def test_what_charts_take_from_the_code_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "charts/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_readmes_are_made_of_the_values(helm_docs: Path, tmp_path: Path) -> None:
    copy = tmp_path / "charts"
    shutil.copytree(CHARTS, copy, ignore=shutil.ignore_patterns("__pycache__"))
    done = subprocess.run(
        [str(helm_docs), "-c", str(copy), "-t", "README.md.gotmpl", "-s", "file"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    stale = [
        name
        for name in NAMES
        if (copy / name / "README.md").read_text() != (CHARTS / name / "README.md").read_text()
    ]
    assert stale == [], "run make generate"


@pytest.mark.parametrize("name", NAMES)
def test_every_value_is_described(name: str) -> None:
    rows = [
        line
        for line in (CHARTS / name / "README.md").read_text("utf-8").splitlines()
        if line.startswith("| ")
    ]
    assert [row for row in rows if row.endswith("|  |")] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_charts_own_tests_pass(name: str, helm_unittest: Path) -> None:
    done = subprocess.run(
        [str(helm_unittest), "--strict", "--file", "unittests/*.yaml", str(CHARTS / name)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"Tests: +[1-9]\d* passed", done.stdout), done.stdout


def test_versions_agree() -> None:
    charts = {name: YAML(typ="safe").load(CHARTS / name / "Chart.yaml") for name in NAMES}
    stack = {each["name"]: each["version"] for each in charts["modelmonitor-stack"]["dependencies"]}
    assert {each["appVersion"] for each in charts.values()} == {version("modelmonitor")}
    assert stack == {name: charts[name]["version"] for name in NAMES[:3]}
