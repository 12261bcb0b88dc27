"""Settings that cannot be used are named, without the secrets among them."""

from __future__ import annotations

from pathlib import Path

import pytest

from model_server.__main__ import flags
from model_server.cores import allowed_cores
from model_server.errors import InvalidSettings
from model_server.settings import load_settings


def test_the_environment_is_read_and_flags_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MM_SERVER_HTTP_PORT", "9000")
    monkeypatch.setenv("MM_SERVER_MODEL_NAME", "reviews")

    settings = load_settings(flags(["--http_port=9001", "--workers", "1", "--unknown"]))

    assert (settings.http_port, settings.model_name, settings.deployment) == (9001, "reviews", "reviews")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--workers=4"], "--workers must be 1"),
        (["--workers", "many"], "--workers must be 1"),
        (["--http_port"], "the flags cannot be read: .*http_port.*; write --name=value"),
    ],
)
def test_flags_that_cannot_be_followed_are_refused(arguments: list[str], problem: str) -> None:
    with pytest.raises(InvalidSettings, match=problem):
        flags(arguments)


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("MM_SERVER_HTTP_PORT", "many", "MM_SERVER_HTTP_PORT"),
        ("MM_SERVER_GRPC_PORT", "70000", "MM_SERVER_GRPC_PORT"),
        ("MM_SERVER_WHEN_LOG_FULL", "panic", "'refuse' or 'drop'"),
        ("MM_SERVER_MODEL_NAME", "a/b", "MM_SERVER_MODEL_NAME"),
        ("MM_SERVER_DATABASE_URL", "secret-host", "postgresql://user:password@host:port/name"),
    ],
)
def test_a_bad_value_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, problem: str) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(InvalidSettings, match=problem) as refusal:
        load_settings({})
    assert "secret-host" not in str(refusal.value)


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MM_SERVER_DATABASE_URL", "postgresql://me:hunter2@localhost/db")
    monkeypatch.setenv("MM_SERVER_SCORE_TOKEN", "hunter3")

    assert "hunter" not in repr(load_settings({}))


@pytest.mark.parametrize(
    ("content", "cores"),
    [("100000 100000", 1), ("50000 100000", 1), ("nonsense", None), ("max 100000", None)],
)
def test_the_cgroup_quota_bounds_the_cores(tmp_path: Path, content: str, cores: int | None) -> None:
    cpu_max = tmp_path / "cpu.max"
    cpu_max.write_text(content)

    assert allowed_cores(cpu_max) == (cores or allowed_cores(tmp_path / "missing"))


def test_an_inference_service_gives_its_name_to_a_model_without_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFERENCE_SERVICE_NAME", "reviews")
    assert load_settings({}).model_name == "reviews"
    assert load_settings({"model_name": "by-flag"}).model_name == "by-flag"

    monkeypatch.setenv("MM_SERVER_MODEL_NAME", "by-variable")
    assert load_settings({}).model_name == "by-variable"
