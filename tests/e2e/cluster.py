"""A cluster as a person at a terminal has it: kubectl, Helm and forwarded ports."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

Json = Any
_FORWARDING = re.compile(r"Forwarding from 127\.0\.0\.1:(\d+) ->")


@dataclass(frozen=True)
class Cluster:
    """Commands that talk to one cluster.

    Attributes:
        kubeconfig: how to reach it.
        programs: where kubectl and helm are.
    """

    kubeconfig: Path
    programs: Mapping[str, str]

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        return self._done("kubectl", *arguments, stdin=stdin)

    def helm(self, *arguments: str) -> str:
        return self._done("helm", *arguments)

    def attempt(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The command's end, also where it failed."""
        return self._run(program, *arguments)

    def get(self, *arguments: str) -> Json:
        return json.loads(self.kubectl("get", *arguments, "-o", "json"))

    def exists(self, *arguments: str) -> bool:
        return self._run("kubectl", "get", *arguments).returncode == 0

    def apply(self, manifest: str | Mapping[str, Any]) -> None:
        text = manifest if isinstance(manifest, str) else json.dumps(manifest)
        self.kubectl("apply", "-f", "-", stdin=text)

    @contextmanager
    def forward(self, target: str, port: int, *, namespace: str) -> Iterator[int]:
        """The port of this machine that leads to a pod behind `target`, until the end of the block."""
        command = [self.programs["kubectl"], "-n", namespace, "port-forward", target, f":{port}"]
        process = subprocess.Popen(
            command, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert process.stdout is not None
        line = process.stdout.readline()
        found = _FORWARDING.search(line)
        try:
            if not found:
                pytest.fail(f"port-forward {target}: {line}{process.stdout.read()}")
            yield int(found[1])
        finally:
            process.terminate()
            process.wait(timeout=30)

    @property
    def _environment(self) -> dict[str, str]:
        return os.environ | {"KUBECONFIG": str(self.kubeconfig)}

    def _run(
        self, program: str, *arguments: str, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        command = [self.programs[program], *arguments]
        return subprocess.run(command, env=self._environment, input=stdin, capture_output=True, text=True)

    def _done(self, program: str, *arguments: str, stdin: str | None = None) -> str:
        done = self._run(program, *arguments, stdin=stdin)
        if done.returncode != 0:
            pytest.fail(f"{program} {' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout


def eventually(
    look: Callable[[], Any], *, within_s: float, what: str | Callable[[], str], every_s: float = 1.0
) -> Any:
    """The first truthy value that `look` returns; fails with what was seen last."""
    deadline = time.monotonic() + within_s
    while not (seen := look()):
        if time.monotonic() > deadline:
            wanted = what if isinstance(what, str) else what()
            pytest.fail(f"not within {within_s:.0f} s: {wanted}; last seen: {seen!r}")
        time.sleep(every_s)
    return seen
