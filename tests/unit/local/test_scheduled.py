import os
from pathlib import Path

from pydantic import SecretStr

from modelmonitor.local.addresses import Addresses
from modelmonitor.local.scheduled import run_check, start_check

NOWHERE = Addresses(
    predictor_url="http://127.0.0.1:1",
    grpc_address="127.0.0.1:1",
    collector_url="http://127.0.0.1:8090",
    mlflow_url="http://127.0.0.1:1",
    database_url=SecretStr("postgresql://postgres:secret@127.0.0.1:1/ml_pipeline"),
    score_token=SecretStr("token"),
)


def arguments(tmp_path):
    return {
        "monitor_file": tmp_path / "absent.yaml",
        "addresses": NOWHERE,
        "data_dir": tmp_path,
        "environment": dict(os.environ),
    }


def test_a_run_that_fails_says_why_in_the_words_of_the_job(tmp_path):
    outcome = run_check("data", **arguments(tmp_path))

    assert (outcome.exit_code, outcome.report, outcome.output, outcome.drifted) == (2, None, {}, False)
    assert outcome.sentences[0].startswith("the run ended with exit code 2: ")
    assert "absent.yaml" in outcome.sentences[0]
    assert outcome.sentences[0].endswith(f"(log: {tmp_path}/logs/job.log)")
    assert "secret" not in outcome.sentences[0] + (tmp_path / "logs" / "job.log").read_text()


def test_a_run_under_way_has_no_outcome_and_ends_when_it_is_left(tmp_path):
    with start_check("data", **arguments(tmp_path)) as running:
        outcome, pid = running.outcome(), running.pid

    assert outcome is None
    assert not Path(f"/proc/{pid}").exists()
