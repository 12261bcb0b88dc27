"""Pages as people see them: in a real Chromium, light and dark, on a telephone and on a desk."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from modelmonitor.report.html import render_html
from modelmonitor.report.model import MomentReport
from modelmonitor.report.review_page import ReviewPage, Table, render_review
from tests.unit.report.conftest import drifted, inconclusive, quiet

ROOT = Path(__file__).parents[2]
TELEPHONE, DESK = (390, 844), (1440, 900)
__all__ = ["drifted", "inconclusive", "quiet"]


@dataclass
class Looked:
    """A page in a browser, with everything that it asked for and everything that it complained of."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


Look = Callable[..., Looked]


# Not for the session: while the driver lives, its event loop runs in this thread and no test may have one.
@pytest.fixture(scope="module")
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    capture = request.config.pluginmanager.getplugin("capturemanager")
    # The first call of a machine downloads for a while: whoever waits sees why.
    with capture.global_and_fixture_disabled():
        found = subprocess.run([sys.executable, ROOT / "tools/browser"], stdout=subprocess.PIPE, text=True)
    if found.returncode != 0:
        pytest.fail("there is no Chromium to look with; tools/browser says what to do, above")
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=found.stdout.strip())
        yield chromium
        chromium.close()


@pytest.fixture
def look(browser: Browser, tmp_path: Path) -> Iterator[Look]:
    """Opens a page from the disk; the window has a size and the person a colour scheme."""
    contexts = []

    def open_page(html: str, *, size: tuple[int, int] = DESK, scheme: str = "light") -> Looked:
        file = tmp_path / "page.html"
        file.write_text(html, encoding="utf-8")
        width, height = size
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        contexts.append(context)
        looked = Looked(context.new_page())
        looked.page.on("request", lambda request: looked.requests.append(request.url))
        looked.page.on("console", lambda message: looked.complaints.append(message.text))
        looked.page.on("pageerror", lambda error: looked.complaints.append(str(error)))
        looked.page.goto(file.as_uri())
        return looked

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def week() -> str:
    """The page of a weekly review with something in every table."""
    start = datetime(2026, 11, 9, tzinfo=UTC)
    days = tuple(
        MomentReport(start=start + timedelta(days=day), rows=900, confidence=0.9 - 0.005 * day)
        for day in range(14)
    )
    heads = ("Run", "Check", "Severity", "When", "What it found")
    row = ("8f2c1b" * 5, "data", "critical", "3h ago", "The inputs changed: <b>not bold</b>. " * 4)
    drift = Table("drift", "Drift", "Runs that said drift.", heads, (row,))
    figures = (
        ("predictions", "12,345", "11,000", "+12%"),
        ("mean confidence", "84.0%", "90.1%", "-6.1 points"),
    )
    weeks = Table(
        "week", "This week", "Seven days.", ("Figure", "This", "Last", "Change"), figures, "", (1, 2, 3)
    )
    return render_review(
        ReviewPage(
            name="sentiment",
            span="2026-11-16 to 2026-11-23 UTC",
            verdict="2 things to look at",
            rank="critical",
            look_at=(("critical", "drift: modelmonitor drift show 8f2c1b"), ("warning", "traffic fell")),
            days=days,
            before=0.9,
            tables=(weeks, drift, Table("alerts", "Alerts", "", ("Alert",), (), "No alert fired.")),
            problems=("http://mlflow:5000 does not answer",),
        )
    )


@pytest.fixture(params=["drifted", "quiet", "inconclusive", "week"])
def html(request: pytest.FixtureRequest) -> str:
    """Each sample report, and a review, as a page."""
    found = request.getfixturevalue(request.param)
    return found if isinstance(found, str) else render_html(found)
