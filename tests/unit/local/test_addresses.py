import stat

import pytest
from pydantic import SecretStr

from modelmonitor.local.addresses import Addresses, NotRunning

ADDRESSES = Addresses(
    predictor_url="http://127.0.0.1:8000",
    grpc_address="127.0.0.1:8081",
    collector_url="http://127.0.0.1:8090",
    mlflow_url="http://127.0.0.1:5001",
    database_url=SecretStr("postgresql://postgres:secret@127.0.0.1:5432/ml_pipeline"),
    score_token=SecretStr("token"),
)


def test_what_is_written_is_read_again_by_another_command(tmp_path):
    ADDRESSES.write(tmp_path)

    assert Addresses.read(tmp_path) == ADDRESSES


def test_the_file_with_the_password_is_readable_by_its_owner_alone(tmp_path):
    ADDRESSES.write(tmp_path)

    assert stat.S_IMODE((tmp_path / "addresses.json").stat().st_mode) == 0o600
    assert "secret" not in repr(ADDRESSES)


@pytest.mark.parametrize("content", [None, "", "{}", "not json"])
def test_no_or_a_broken_file_means_that_nothing_runs(tmp_path, content):
    if content is not None:
        (tmp_path / "addresses.json").write_text(content)

    with pytest.raises(NotRunning, match="start it with `modelmonitor up`"):
        Addresses.read(tmp_path)


def test_after_a_stop_nothing_runs(tmp_path):
    ADDRESSES.write(tmp_path)

    Addresses.forget(tmp_path)
    Addresses.forget(tmp_path)

    with pytest.raises(NotRunning):
        Addresses.read(tmp_path)
