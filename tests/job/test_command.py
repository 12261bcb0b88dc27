"""`python -m modelmonitor.job` as a CronJob starts it: output, log lines and exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest


def start(directory, **environment):
    clean = {key: value for key, value in os.environ.items() if not key.startswith("MM_")}
    given = {f"MM_JOB_{key.upper()}": str(value) for key, value in environment.items()}
    return subprocess.run(
        [sys.executable, "-m", "modelmonitor.job"],
        cwd=directory,
        env={**clean, **given},
        capture_output=True,
        text=True,
        timeout=100,
    )


@pytest.fixture
def monitor_file(tmp_path, world):
    path = tmp_path / "monitor.yaml"
    path.write_text(world.monitor_text())
    return path


def test_a_run_ends_with_0_whatever_the_verdict_and_prints_the_status(
    database_url, world, monitor_file, tmp_path
):
    world.reference(database_url, world.draw(800, seed=1))
    world.log(database_url, world.tweets())
    done = start(
        tmp_path,
        monitor=monitor_file,
        database_url=database_url,
        report_dir=tmp_path / "reports",
        now=world.NOW.isoformat(),
        run_id="nightly-1",
    )
    assert done.returncode == 0, done.stderr
    output = json.loads(done.stdout)
    assert [(check["name"], check["verdict"]) for check in output.pop("checks")] == [
        ("data", "Drift"),
        ("concept", "Drift"),
        ("performance", "Drift"),
    ]
    report = str(tmp_path / "reports" / "nightly-1.html")
    assert output == {"runId": "nightly-1", "report": report, "degraded": []}
    assert [json.loads(line)["level"] for line in done.stderr.splitlines()] == ["info"]


def failure(done):
    (line,) = done.stderr.splitlines()
    assert done.stdout == ""
    return json.loads(line)["message"]


def test_missing_settings_are_named(tmp_path):
    done = start(tmp_path)
    assert done.returncode == 2
    assert "MM_JOB_MONITOR: Field required; MM_JOB_DATABASE_URL: Field required" in failure(done)


def test_a_missing_file_is_named(tmp_path):
    done = start(tmp_path, monitor="absent.yaml", database_url="postgresql://127.0.0.1/x")
    assert done.returncode == 2
    assert "absent.yaml" in failure(done)


def test_an_unknown_field_is_named_with_its_line(tmp_path, monitor_file):
    monitor_file.write_text(monitor_file.read_text().replace("privacy:", "privaci:"))
    done = start(tmp_path, monitor=monitor_file, database_url="postgresql://127.0.0.1/x")
    assert done.returncode == 2
    assert "privaci" in failure(done)


def test_an_unknown_check_is_answered_with_the_known_ones(tmp_path, monitor_file):
    done = start(tmp_path, monitor=monitor_file, database_url="postgresql://127.0.0.1/x", check="dta")
    assert done.returncode == 2
    assert failure(done) == "The monitor has no check 'dta': choose one of data, concept, performance."


def test_an_unreachable_database_ends_with_3(tmp_path, monitor_file, unused_port):
    url = f"postgresql://me:hunter2@127.0.0.1:{unused_port}/db"
    done = start(tmp_path, monitor=monitor_file, database_url=url)
    assert done.returncode == 3
    assert "hunter2" not in failure(done)


def test_an_unwritable_report_directory_leaves_nothing_behind(database_url, world, monitor_file, tmp_path):
    world.reference(database_url, world.draw(300, seed=1))
    done = start(tmp_path, monitor=monitor_file, database_url=database_url, report_dir=monitor_file / "below")
    assert done.returncode == 2
    assert "cannot be written" in failure(done)
