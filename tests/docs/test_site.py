"""The site builds from the pages alone, and a link that leads nowhere fails it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    build(ROOT / "mkdocs.yml", folder)
    return folder


def build(config: Path, folder: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "-f",
        str(config),
        "-d",
        str(folder),
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=100, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_site_builds_without_a_broken_link_and_holds_every_page(site: Path) -> None:
    missing = [
        page
        for page in PAGES
        if page.is_relative_to(ROOT / "docs") and not (site / built(page.relative_to(ROOT / "docs"))).exists()
    ]
    assert missing == []


def built(page: Path) -> Path:
    return page.with_name("index.html") if page.name == "README.md" else page.with_suffix(".html")


def test_the_site_fetches_nothing_from_another_host(site: Path) -> None:
    fetched = re.compile(r'<(?:script|link|img|iframe)\b[^>]*?(?:src|href)="(?:https?:)?//[^"]*"')
    assert {
        found for page in site.rglob("*.html") for found in fetched.findall(page.read_text(encoding="utf-8"))
    } == set()


@pytest.mark.parametrize(
    "broken", ["[no page](missing.md)", "[no source](../missing.py)", "[x](index.md#none)"]
)
def test_a_broken_link_fails_the_build(tmp_path: Path, broken: str) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/index.md").write_text(f"# Start\n\n{broken}\n")
    (tmp_path / "docs/site.py").write_text((ROOT / "docs/site.py").read_text())
    (tmp_path / "mkdocs.yml").write_text((ROOT / "mkdocs.yml").read_text())

    with pytest.raises(AssertionError, match=r"missing|none"):
        build(tmp_path / "mkdocs.yml", tmp_path / "site")
