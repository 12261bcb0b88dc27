"""Draws the README's picture: the first screen of a report, as Chromium shows it.

`python docs/pictures.py [REPORT.html]` writes docs/images/report.png; without an argument it takes the newest
report in .modelmonitor/reports whose verdict is drift.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright

ROOT: Final = Path(__file__).resolve().parents[1]
PICTURE: Final = ROOT / "docs/images/report.png"
REPORTS: Final = ROOT / ".modelmonitor/reports"
WIDTH: Final = 1100
HEIGHT: Final = 760


def newest_with_drift(folder: Path) -> Path:
    """The newest report whose heading is a drift verdict."""
    pages = sorted(folder.glob("*.html"), key=lambda page: page.stat().st_mtime, reverse=True)
    for page in pages:
        if any(f'<h1 class="{rank}"' in page.read_text(encoding="utf-8") for rank in ("critical", "warning")):
            return page
    sys.exit(f"there is no report with drift in {folder}: run `make demo` first")


def draw(report: Path, picture: Path) -> None:
    """Write the first screen of a report as PNG."""
    found = subprocess.run(
        [sys.executable, ROOT / "tools/browser"], stdout=subprocess.PIPE, text=True, check=True
    )
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found.stdout.strip())
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        page.goto(report.resolve().as_uri())
        page.screenshot(path=picture)
        browser.close()


if __name__ == "__main__":
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else newest_with_drift(REPORTS)
    draw(source, PICTURE)
    sys.stdout.write(f"drew {PICTURE.relative_to(ROOT)} from {source}\n")
