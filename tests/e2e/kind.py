"""A kind cluster for as long as the tests run."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

# Pinned as kind's release notes of v0.33.0 ask for.
NODE = "kindest/node:v1.35.8@sha256:07b2536e30b803ed61d1677a79df6115f798ce64c80f9e22f6ed45afd09323c0"
_NAME = "modelmonitor-e2e"


@contextmanager
def kind_cluster(kind: str) -> Iterator[tuple[Path, list[str]]]:
    """A kubeconfig, and the command that loads images; the cluster is deleted afterwards."""
    if obstacle := no_kind():
        pytest.exit(
            f"make e2e needs a cluster: set KUBECONFIG, or let kind make one. {obstacle}", returncode=2
        )
    with tempfile.TemporaryDirectory(prefix="modelmonitor-e2e-") as folder:
        kubeconfig = Path(folder, "kubeconfig")
        own = ["--name", _NAME]
        command = [kind, "create", "cluster", *own, "--image", NODE, "--kubeconfig", str(kubeconfig)]
        try:
            subprocess.run([*command, "--wait", "5m"], check=True)
            yield kubeconfig, [kind, "load", "docker-image", *own]
        finally:
            subprocess.run([kind, "delete", "cluster", *own, "--kubeconfig", str(kubeconfig)])


def no_kind() -> str:
    """Why kind cannot make a cluster here, in a sentence; empty if it can."""
    docker = shutil.which("docker")
    if docker is None:
        return "There is no Docker."
    if subprocess.run([docker, "info"], capture_output=True).returncode != 0:
        return "Docker's engine does not answer."
    here = subprocess.run([docker, "image", "inspect", NODE], capture_output=True)
    if here.returncode != 0 and subprocess.run([docker, "pull", NODE], capture_output=True).returncode != 0:
        return f"Docker cannot pull {NODE.partition('@')[0]}."
    return ""
