"""What a user gets from a running `modelmonitor up`, and what it survives."""

import os
import signal
import stat

import httpx
import pytest

from .conftest import modelmonitor, starting, survivors, wait_until

pytestmark = pytest.mark.timeout(300)

MONITOR = """\
apiVersion: modelmonitor.io/v1alpha1
kind: ModelMonitor
metadata: {name: sentiment}
spec:
  target: {inferenceService: sentiment}
  reference: {dataset: movie-reviews}
  checks:
    - {name: every-minute, type: data, schedule: "* * * * *"}
    - {name: once-a-year, type: concept, schedule: "0 0 1 1 *"}
"""


@pytest.fixture(scope="module")
def up(tiny_model, data_dir):
    with starting(tiny_model, data_dir) as start:
        (data_dir.parent / "monitor.yaml").write_text(MONITOR)
        yield start("-f", data_dir.parent / "monitor.yaml")


def logged_all(up, ids):
    wait_until(lambda: set(ids) <= up.logged(), seconds=60, why=up.said)
    return True


def test_it_shows_where_everything_is_and_the_addresses_answer(up):
    addresses = up.addresses
    said = up.said()

    shown = [line.split()[0] for line in said.splitlines() if "127.0.0.1" in line]
    assert shown == ["predict", "API", "metrics", "gRPC", "labels", "MLflow", "PostgreSQL"]
    assert addresses.database_place in said
    assert addresses.database_url.get_secret_value() not in said
    for url in (
        f"{addresses.predictor_url}/docs",
        f"{addresses.predictor_url}/metrics",
        addresses.mlflow_url,
        addresses.collector_url,
    ):
        assert url in said
    for url in (
        f"{addresses.predictor_url}/docs",
        f"{addresses.predictor_url}/metrics",
        addresses.mlflow_url,
        f"{addresses.collector_url}/readyz",
    ):
        assert httpx.get(url, timeout=60, follow_redirects=True).status_code == 200


def test_each_check_is_announced_with_its_next_run(up):
    announced = [line.split()[1] for line in up.said().splitlines() if "runs next at" in line]
    assert announced == ["every-minute", "once-a-year"]


def test_a_prediction_becomes_a_row(up):
    assert logged_all(up, [up.predict()])


def test_the_file_with_the_addresses_is_for_its_owner_alone(up):
    assert stat.S_IMODE((up.data_dir / "addresses.json").stat().st_mode) == 0o600


def test_a_drift_run_builds_the_reference_and_says_that_there_are_too_few_predictions(up):
    finished = modelmonitor("drift", "run", "--check", "once-a-year", "--data-dir", up.data_dir)

    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.startswith("once-a-year: Inconclusive. The window has ")
    assert "rows of the 200 needed" in finished.stdout.splitlines()[0]
    assert up.references() == {("movie-reviews", 1)}


def test_a_second_up_in_the_same_folder_is_refused_and_changes_nothing(up):
    before = (up.data_dir / "monitor.yaml").read_text(), up.addresses

    finished = modelmonitor("up", "--data-dir", up.data_dir)

    sentence = (
        f"modelmonitor: {up.data_dir} is in use by process {up.process.pid}: stop it with Ctrl-C or "
        f"`kill {up.process.pid}`, or choose another folder with --data-dir\n"
    )
    assert (finished.returncode, finished.stdout, finished.stderr) == (1, "", sentence)
    assert ((up.data_dir / "monitor.yaml").read_text(), up.addresses) == before


def test_a_killed_predictor_is_started_again_at_its_address_and_no_row_is_lost(up):
    before, url = [up.predict() for _ in range(20)], up.addresses.predictor_url

    os.kill(up.children()["predictor"].pid, signal.SIGKILL)
    up.wait_until_it_says("the predictor answers again at the same address")

    assert "the predictor was killed by SIGKILL: starting it again (restart 1 of 3) …" in up.said()
    assert up.addresses.predictor_url == url
    assert logged_all(up, [*before, up.predict()])


def test_a_killed_postgresql_is_started_again_at_its_port_and_no_row_is_lost(up):
    ids = [up.predict()]

    os.kill(up.children()["PostgreSQL"].pid, signal.SIGKILL)
    ids += [up.predict() for _ in range(20)]
    up.wait_until_it_says("the PostgreSQL server answers again at the same address")

    assert "the PostgreSQL server was killed by SIGKILL: starting it again (restart 1 of 3) …" in up.said()
    assert logged_all(up, [*ids, up.predict()])


def test_a_label_finds_its_prediction(up):
    prediction = up.predict()

    up.label(prediction, "POSITIVE")

    wait_until(lambda: up.labelled().get(prediction) == "POSITIVE", seconds=60, why=up.said)


def test_a_killed_collector_is_started_again_at_its_address_and_no_label_is_lost(up):
    prediction, url = up.predict(), up.addresses.collector_url
    up.label(prediction, "NEGATIVE")

    os.kill(up.children()["collector"].pid, signal.SIGKILL)
    up.wait_until_it_says("the collector answers again at the same address")

    assert "the collector was killed by SIGKILL: starting it again (restart 1 of 3) …" in up.said()
    assert up.addresses.collector_url == url
    wait_until(lambda: up.labelled().get(prediction) == "NEGATIVE", seconds=60, why=up.said)


def test_a_killed_mlflow_takes_its_worker_along_and_is_started_again(up):
    server = up.children()["MLflow"]
    workers = server.children(recursive=True)
    assert workers

    server.kill()
    up.wait_until_it_says("the MLflow server answers again at the same address")

    assert survivors(workers, seconds=0) == []
    assert httpx.get(f"{up.addresses.mlflow_url}/health", timeout=60).status_code == 200


def test_due_checks_run_by_themselves_beside_everything_else(up):
    up.wait_until_it_says("every-minute: Inconclusive. ")

    assert "UTC: running check every-minute …" in up.said()
    assert "once-a-year: " not in up.said()
