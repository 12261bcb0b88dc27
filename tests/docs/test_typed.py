"""What how-to pages tell people to type is typed, into a running `modelmonitor up`, and ends as it should."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelmonitor.cli.exit_codes import ExitCode
from tests.docs.pages import BLOCKS, ROOT, Block
from tests.local.conftest import Up, data_dir, starting, tiny_model

__all__ = ["data_dir", "tiny_model"]
pytestmark = pytest.mark.timeout(400)
PAGES = {
    ROOT / f"docs/how-to/{name}.md" for name in ("quick-check", "weekly-review", "troubleshooting", "labels")
}
PAGES |= {ROOT / "docs/how-to/local.md", ROOT / "docs/from-the-guide.md"}
# Other places are not here; `up` runs already; one needs a file that a person has.
NOT_HERE = re.compile(
    r"\b(up|demo|NAMESPACE|--context|-n |-A|--prometheus-url|FOLDER|FILE|RUN|init|validate|render|ID)\b|http://host|…"
)
FINE = {ExitCode.OK, ExitCode.NOT_FOUND, ExitCode.WARNING, ExitCode.DRIFT}
LABELS = "prediction_id,label\n0198c0de-0000-7000-8000-000000000001,POSITIVE\n"


def typed() -> Iterator[tuple[Block, str]]:
    seen = set[str]()
    for block in BLOCKS:
        if block.page in PAGES and block.language in {None, "bash"}:
            for line in re.sub(r"\\\n\s*", " ", block.text).splitlines():
                if re.match(r"(modelmonitor|curl) ", line) and not NOT_HERE.search(line) and "[" not in line:
                    if line not in seen:
                        yield block, line
                    seen.add(line)


TYPED = list(typed())


@pytest.fixture(scope="module")
def up(tiny_model: Path, data_dir: Path) -> Iterator[Up]:
    with starting(tiny_model, data_dir) as start:
        running = start()
        running.predict()
        yield running


@pytest.mark.parametrize(("block", "line"), TYPED, ids=lambda value: str(value)[-60:])
def test_a_line_that_a_page_gives_does_what_it_says(up: Up, tmp_path: Path, block: Block, line: str) -> None:
    shim = tmp_path / "modelmonitor"
    shim.write_text(
        f"#!/bin/sh\nexec {sys.executable} -c 'from modelmonitor.cli.main import main; main()' \"$@\"\n"
    )
    shim.chmod(0o755)
    (tmp_path / "labels.csv").write_text(LABELS)
    at = up.addresses
    for preferred, url in (("8000", at.predictor_url), ("8090", at.collector_url), ("5001", at.mlflow_url)):
        line = line.replace(f"http://localhost:{preferred}", url).replace(f"localhost:{preferred}", url)
    known = {name: value for name, value in os.environ.items() if not name.startswith(("MM_", "KUBE"))}
    here = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "MM_LOCAL_DATA_DIR": str(up.data_dir)}

    done = subprocess.run(
        ["bash", "-c", line.replace("curl ", "curl -sS --fail-with-body ")],
        cwd=tmp_path,
        env={**known, **here},
        capture_output=True,
        text=True,
        timeout=200,
    )

    # The doctor ends with 1 where something is to be mended, as with a model that nobody has a reference for.
    fine = FINE | ({ExitCode.ERROR} if "doctor" in line else set())
    assert done.returncode in fine, f"{block}: {line}\n{done.stdout}{done.stderr}"
    assert "Traceback" not in done.stderr


def test_there_are_lines_to_type() -> None:
    assert len(TYPED) >= 15
