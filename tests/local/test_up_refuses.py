"""What `modelmonitor up` says to bad input: one clear sentence, its exit code, and nothing left behind."""

import psutil
import pytest

from .conftest import modelmonitor

pytestmark = pytest.mark.timeout(300)

MONITOR = """\
apiVersion: modelmonitor.io/v1alpha1
kind: ModelMonitor
metadata: {name: sentiment}
spec:
  target: {inferenceService: sentiment}
  reference: {dataset: movie-reviews}
  checks:
    - name: data
      type: data
      windw: {lookback: 24h}
"""


def words(text):
    """Without the box that usage errors are shown in."""
    return " ".join(text.replace("│", " ").split())


def work_in(directory):
    return [
        process.info["cmdline"]
        for process in psutil.process_iter(["cmdline"])
        if any(str(directory) in part for part in process.info["cmdline"] or ())
    ]


def test_without_any_model_it_says_how_to_get_one_and_leaves_nothing_running(data_dir):
    finished = modelmonitor("up", "--data-dir", data_dir)

    assert finished.returncode == 1
    assert finished.stderr.splitlines()[-1] == (
        "modelmonitor: there is no model to serve yet: run `modelmonitor demo` once, which trains one, "
        "or name one with --model (a folder or a Hugging Face id)"
    )
    assert "Traceback" not in finished.stderr
    assert work_in(data_dir) == []
    assert not (data_dir / "addresses.json").exists()


def test_a_folder_without_a_model_is_refused_with_the_cause_and_leaves_nothing_running(data_dir, tmp_path):
    finished = modelmonitor("up", "--data-dir", data_dir, "--model", tmp_path)

    assert finished.returncode == 1
    last = finished.stderr.splitlines()[-1]
    assert last.startswith("model_server: ")
    assert str(tmp_path) in last
    assert "Traceback" not in finished.stderr
    assert work_in(data_dir) == []


@pytest.mark.parametrize("model", ["/does/not/exist", "./absent", "../absent"])
def test_a_model_folder_that_does_not_exist_is_refused_before_anything_is_started(tmp_path, model):
    finished = modelmonitor("up", "--data-dir", tmp_path / "data", "--model", model)

    assert finished.returncode == 2
    assert f"there is no folder {model}: name a folder, models:/NAME@ALIAS" in words(finished.stderr)
    assert not (tmp_path / "data").exists()


def test_a_wrong_field_is_named_with_line_and_nearest_name_before_anything_is_started(tmp_path):
    (tmp_path / "monitor.yaml").write_text(MONITOR)

    finished = modelmonitor("up", "--data-dir", tmp_path / "data", "-f", tmp_path / "monitor.yaml")

    assert (finished.returncode, finished.stdout) == (2, "")
    assert "line 10" in finished.stderr
    assert "did you mean window?" in finished.stderr
    assert "Traceback" not in finished.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("text", ["", "[", "kind: Pod", "\x00", "a: b: c", "- 1"])
def test_a_file_that_is_no_monitor_is_refused_before_anything_is_started(tmp_path, text):
    (tmp_path / "monitor.yaml").write_text(text)

    finished = modelmonitor("up", "--data-dir", tmp_path / "data", "-f", tmp_path / "monitor.yaml")

    assert (finished.returncode, finished.stdout) == (2, "")
    assert str(tmp_path / "monitor.yaml") in finished.stderr
    assert "Traceback" not in finished.stderr
    assert not (tmp_path / "data").exists()


def test_a_data_folder_that_cannot_be_made_is_refused_with_the_cause(tmp_path):
    (tmp_path / "file").touch()

    finished = modelmonitor("up", "--data-dir", tmp_path / "file" / "data")

    sentence = (
        f"modelmonitor: {tmp_path}/file/data cannot hold the data: Not a directory; "
        "choose a folder that you may write to with --data-dir\n"
    )
    assert (finished.returncode, finished.stderr) == (1, sentence)


@pytest.mark.parametrize(
    ("setting", "value"), [("http_port", "-1"), ("postgres_port", "many"), ("mlflow_start_s", "0")]
)
def test_a_setting_out_of_its_range_is_named_before_anything_is_started(tmp_path, setting, value):
    finished = modelmonitor("up", "--data-dir", tmp_path / "data", **{setting: value})

    assert finished.returncode == 2
    assert setting in words(finished.stderr)
    assert "Traceback" not in finished.stderr
    assert not (tmp_path / "data").exists()
