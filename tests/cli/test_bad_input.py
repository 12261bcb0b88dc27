"""Bad input to every command: a sentence that names cause and fix, and the documented exit code."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["status"], 3, "there is no kubeconfig: start `modelmonitor up`"),
        (["status", "--backend", "cloud"], 2, "'cloud' is not a backend: choose auto, local, cluster, url"),
        (["status", "--backend", "url"], 3, "no address is known: give --predictor-url"),
        (["status", "--data-dir", "elsewhere"], 3, "nothing runs in elsewhere"),
        (["status", "--predictor-url", "localhost:8000"], 2, "is not a URL: write http://host:port"),
        (["top", "--interval", "0s"], 2, "--interval 0s has no length"),
        (["review", "--predictor-url", "http://127.0.0.1:9"], 3, "set MM_DATABASE_URL"),
        (["alerts", "--predictor-url", "http://127.0.0.1:9"], 3, "alerts are in Prometheus and PostgreSQL"),
        (["approve", "--predictor-url", "http://127.0.0.1:9"], 2, "only a monitor in a cluster"),
        (["approve", "--kubeconfig", "absent"], 3, "the kubeconfig cannot be used"),
        (["init", "absent.csv"], 2, "cannot read absent.csv"),
        (["init", "isvc/Not_A_Name", "--offline"], 2, "'Not_A_Name' is not the name of an object"),
        (["render", "absent.yaml"], 2, "cannot read absent.yaml"),
        (["report", "absent.json"], 2, "cannot read absent.json"),
        (["report", "--format", "pdf"], 2, "'pdf' is not an output format: choose html, md, json"),
        (["feedback", "import", "absent.csv"], 2, "cannot read absent.csv"),
    ],
)
def test_a_wrong_call_ends_with_one_sentence(cli, tmp_path, monkeypatch, arguments, code, sentence):
    monkeypatch.chdir(tmp_path)

    finished = cli(*arguments)

    assert (finished.code, finished.out) == (code, "")
    assert sentence in " ".join(finished.err.replace("│", " ").split())


def test_init_leaves_a_file_that_exists_as_it_is(cli, tmp_path):
    out = tmp_path / "monitor.yaml"
    said = [cli("init", "service/sentiment", "--offline", "--out", str(out)) for _ in range(2)]

    assert [finished.code for finished in said] == [0, 2]
    assert "exists and was left as it is" in said[1].err
    assert cli("validate", str(out)).code == 0
