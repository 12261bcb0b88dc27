"""What must hold of every image; `make images` builds them where there is a Docker engine."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
DOCKERFILES = sorted((ROOT / "images").glob("*/Dockerfile"))
each_image = pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.parent.name)


def instructions(path: Path) -> list[str]:
    joined = path.read_text("utf-8").replace("\\\n", " ")
    return [line for line in joined.splitlines() if line and not line.startswith("#")]


def test_there_are_three() -> None:
    assert [path.parent.name for path in DOCKERFILES] == ["job", "operator", "predictor"]


@each_image
def test_the_last_stage_is_slim_and_not_root(path: Path) -> None:
    lines = instructions(path)
    last = lines[max(number for number, line in enumerate(lines) if line.startswith("FROM ")) :]
    assert lines[0] == "ARG BASE=python:3.11-slim"
    assert [line for line in lines if line.startswith("FROM ")] == ["FROM ${BASE} AS build", "FROM ${BASE}"]
    assert "USER 10001:10001" in last
    assert not [line for line in last if re.search(r"\b(pip|apt-get|curl)\b", line)]


@each_image
def test_the_user_has_a_name_though_the_system_knows_none(path: Path) -> None:
    environment = next(line for line in reversed(instructions(path)) if line.startswith("ENV "))
    assert "USER=modelmonitor" in environment.split()


@each_image
def test_packages_are_locked_and_no_index_is_named(path: Path) -> None:
    text = path.read_text("utf-8")
    installs = re.findall(r"(?:pip|\$install) [^;&]*-r \S+", " ".join(instructions(path)))
    assert installs
    assert [each for each in installs if "--require-hashes" not in each] == []
    assert "http" not in text


@each_image
def test_what_is_copied_is_there_and_not_ignored(path: Path) -> None:
    copied = [
        source
        for line in instructions(path)
        if line.startswith("COPY ") and "--from" not in line
        for source in line.split()[1:-1]
    ]
    taken = {
        line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")
    }
    assert [each for each in copied if not (ROOT / each).exists() or each.split("/")[0] not in taken] == []


def test_the_cpu_build_leaves_out_cuda_and_nothing_else() -> None:
    lock = (ROOT / "requirements/server.txt").read_text("utf-8")
    rest, version = without_cuda().without_cuda(lock)
    names = set(re.findall(r"(?m)^([a-z0-9-]+)==", lock))
    left = set(re.findall(r"(?m)^([a-z0-9-]+)==", rest))
    dropped = names - left
    assert "torch" in dropped
    assert f"torch=={version} " in lock
    assert {name for name in dropped if not name.startswith(("nvidia-", "cuda-"))} == {"torch", "triton"}
    assert not [name for name in left if name.startswith(("nvidia-", "cuda-"))]
    assert rest.count("--hash=") < lock.count("--hash=")


def without_cuda() -> ModuleType:
    path = ROOT / "images/predictor/without_cuda.py"
    spec = importlib.util.spec_from_file_location("without_cuda", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_build_tools_are_locked() -> None:
    lock = (ROOT / "images/build.txt").read_text("utf-8")
    assert "hatchling==" in lock
    assert re.findall(r"(?m)^([a-z0-9-]+==\S+) \\$", lock)
