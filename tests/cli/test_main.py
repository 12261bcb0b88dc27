import subprocess
import sys

import pytest

MINIMAL = """\
apiVersion: modelmonitor.io/v1alpha1
kind: ModelMonitor
metadata: {name: sentiment}
spec:
  target: {inferenceService: sentiment}
  reference: {dataset: movie-reviews}
"""


def modelmonitor(*arguments, stdin=None, cwd=None):
    command = [sys.executable, "-c", "from modelmonitor.cli.main import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, input=stdin, cwd=cwd, timeout=100)


def test_a_valid_monitor_is_called_valid(tmp_path):
    (tmp_path / "monitor.yaml").write_text(MINIMAL)

    finished = modelmonitor("validate", "monitor.yaml", cwd=tmp_path)

    assert (finished.returncode, finished.stdout, finished.stderr) == (
        0,
        "monitor.yaml: ModelMonitor sentiment is valid\n",
        "",
    )


def test_an_unknown_field_is_named_with_its_line_and_the_nearest_right_name(tmp_path):
    finished = modelmonitor("validate", "-", stdin=MINIMAL.replace("target:", "targt:"))

    assert finished.returncode == 2
    assert finished.stdout == ""
    assert "line 5" in finished.stderr
    assert "targt" in finished.stderr
    assert "did you mean target?" in finished.stderr
    assert "Traceback" not in finished.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["validate", "absent.yaml"], 2, "cannot read absent.yaml: No such file or directory"),
        (["validat"], 2, "No such command 'validat'"),
        (["drift", "run", "-o", "xml"], 2, "choose table, wide, json, yaml"),
        (["drift", "run", "--backend", "local"], 3, "nothing runs in .modelmonitor: start it with"),
        (["drift", "run", "--predictor-url", "http://127.0.0.1:9"], 2, "a run needs a cluster"),
        (["drift", "run", "--data-dir", "elsewhere"], 3, "nothing runs in elsewhere"),
        (["up", "-f", "absent.yaml"], 2, "cannot read absent.yaml"),
        (["up", "--port", "99999"], 2, "http_port"),
    ],
)
def test_a_wrong_call_ends_with_one_sentence_and_its_exit_code(tmp_path, arguments, code, sentence):
    finished = modelmonitor(*arguments, cwd=tmp_path)

    assert finished.returncode == code
    assert sentence in " ".join(finished.stderr.replace("│", " ").split())
    assert "Traceback" not in finished.stderr
    assert finished.stdout == ""
