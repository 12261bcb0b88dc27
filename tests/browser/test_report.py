"""The report in a browser: nothing fetched, nothing cut off, everything readable, reachable and printable."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from modelmonitor.report.html import render_html
from tests.browser.conftest import DESK, TELEPHONE

HERE = Path(__file__).parent
OVERFLOW = (HERE / "overflow.js").read_text()
CONTRAST = (HERE / "contrast.js").read_text()
SIZES = pytest.mark.parametrize("size", [TELEPHONE, DESK], ids=["390", "1440"])
SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])


@SIZES
@SCHEMES
def test_a_page_asks_for_nothing_complains_of_nothing_and_fits(look, html, size, scheme):
    looked = look(html, size=size, scheme=scheme)

    assert [url for url in looked.requests if not url.startswith("file:")] == []
    assert len(looked.requests) == 1
    assert looked.complaints == []
    assert looked.page.evaluate(OVERFLOW) == []


@SCHEMES
def test_every_text_and_every_line_stands_out_from_what_is_behind_it(look, html, scheme):
    assert look(html, scheme=scheme).page.evaluate(CONTRAST) == []


def test_the_dark_page_is_dark(look, drifted):
    pages = [look(render_html(drifted), scheme=scheme).page for scheme in ("light", "dark")]

    colours = [page.evaluate("getComputedStyle(document.body).backgroundColor") for page in pages]
    light, dark = (sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in colours)
    assert (light > 600, dark < 100) == (True, True)


def test_a_contrast_that_is_too_low_is_noticed(look, html):
    page = look(html.replace("--ink: #1b1f23", "--ink: #c8c8c8")).page

    assert page.evaluate(CONTRAST)


def test_a_part_that_is_too_wide_is_noticed(look, html):
    page = look(html.replace("</main>", '<p style="width: 3000px">wide</p></main>')).page

    assert page.evaluate(OVERFLOW)


def test_all_six_answers_are_on_the_first_screen(look, drifted):
    page = look(render_html(drifted)).page

    bottom = page.evaluate("document.querySelector('.answers').getBoundingClientRect().bottom")
    assert bottom <= DESK[1]
    assert page.locator("h1").inner_text() == "Critical: data and performance drift"
    assert page.locator(".answers dt").all_inner_texts() == [
        "What changed",
        "Since when",
        "How sure",
        "Does it hurt",
        "What to do",
    ]


def test_the_keyboard_reaches_the_verdict_and_every_part_that_scrolls(look, drifted):
    page = look(render_html(drifted)).page
    page.keyboard.press("Tab")
    first = page.evaluate(
        "[document.activeElement.className, document.activeElement.getBoundingClientRect().left]"
    )
    page.keyboard.press("Enter")
    landed = page.evaluate("document.activeElement.id")
    regions, outlines = [], []
    for _ in range(page.locator(".scroll").count()):
        page.keyboard.press("Tab")
        regions.append(page.evaluate("document.activeElement.getAttribute('aria-labelledby')"))
        outlines.append(page.evaluate("getComputedStyle(document.activeElement).outlineStyle"))

    assert first[0] == "skip"
    assert first[1] >= 0
    assert landed == "main"
    assert regions == page.locator(".scroll").evaluate_all(
        "all => all.map(e => e.getAttribute('aria-labelledby'))"
    )
    assert set(outlines) == {"solid"}


def test_it_is_printed_on_white_without_cutting_anything(look, html):
    page = look(html, size=(794, 1123), scheme="dark").page
    page.emulate_media(media="print", color_scheme="dark")
    pdf = page.pdf(format="A4")

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate(OVERFLOW) == []
    assert page.evaluate(CONTRAST) == []
    pages = len(re.findall(rb"/Type\s*/Page\b", pdf))
    assert 1 <= pages <= 8
