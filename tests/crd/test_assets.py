"""tools/assets: where kube-apiserver and etcd come from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "tools/assets"


@pytest.fixture
def binaries(tmp_path: Path) -> Path:
    folder = tmp_path / "binaries"
    folder.mkdir()
    for name in ("kube-apiserver", "etcd"):
        (folder / name).touch(mode=0o755)
    return folder


def ask(**environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, SCRIPT], env=environ, capture_output=True, text=True)


def test_a_given_folder_wins(binaries: Path) -> None:
    answer = ask(KUBEBUILDER_ASSETS=str(binaries), PATH="/nowhere", HOME="/nowhere")
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, f"{binaries}\n", "")


def test_a_given_folder_without_them_is_named(tmp_path: Path) -> None:
    answer = ask(KUBEBUILDER_ASSETS=str(tmp_path), PATH="/nowhere", HOME="/nowhere")
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr == (
        f"tools/assets: KUBEBUILDER_ASSETS={tmp_path} does not hold etcd and kube-apiserver; "
        "correct it or unset it.\n"
    )


def test_those_on_the_path_are_taken(binaries: Path) -> None:
    answer = ask(PATH=str(binaries), HOME="/nowhere")
    assert (answer.returncode, answer.stdout) == (0, f"{binaries}\n")


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    answer = ask(PATH="/nowhere", XDG_CACHE_HOME=str(tmp_path / "file"))
    assert answer.returncode == 1
    assert "cannot write the cache" in answer.stderr
    assert "set XDG_CACHE_HOME to a folder you own" in answer.stderr
