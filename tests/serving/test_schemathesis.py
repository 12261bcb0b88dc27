"""Schemathesis finds nothing: valid requests are answered as documented, invalid ones refused, none crash."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
CONFIG = ("--config-file", str(HERE / "schemathesis.toml"))
# Found again with the same data: a failure here must be one that anybody can repeat.
OPTIONS = ("--max-examples=50", "--seed=7", "--mode=all", "--phases=examples,coverage,fuzzing", "--no-color")
pytestmark = pytest.mark.timeout(900)


def run(schema: str, *options: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", *CONFIG, "run", schema, *OPTIONS, *options],
        env={**os.environ, "SCHEMATHESIS_HOOKS": "schemathesis_hooks", "PYTHONPATH": str(HERE)},
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def counts_of(report: str) -> tuple[int, int]:
    """Operations tested, and test cases generated."""
    operations, cases = re.search(r"Tested: (\d+)", report), re.search(r"([\d,]+) generated", report)
    assert operations
    assert cases
    return int(operations[1]), int(cases[1].replace(",", ""))


def test_the_open_inference_protocol_holds(server: Any, tmp_path: Path) -> None:
    operations, cases = counts_of(run(str(HERE / "open_inference.yaml"), f"--url={server.url}", cwd=tmp_path))

    assert (operations, cases > 300) == (9, True)


def test_our_own_document_holds(server: Any, tmp_path: Path) -> None:
    operations, cases = counts_of(
        run(f"{server.url}/openapi.json", "--header=Authorization: Bearer score-token", cwd=tmp_path)
    )

    assert (operations, cases > 400) == (13, True)
    assert "Traceback" not in server.log()
