"""The page: one file, nothing from outside, nothing that a text can break."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from modelmonitor.report.html import render_html
from modelmonitor.report.texts import ExampleReport, WordReport

VOID = {"meta", "br", "img", "input", "link", "hr"}


class Page(HTMLParser):
    """Everything that the tests ask of a page."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.open, self.text = [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def tags(self, name):
        return [attrs for tag, attrs in self.elements if tag == name]

    def values(self, attribute):
        return [attrs[attribute] for _, attrs in self.elements if attribute in attrs]


@pytest.fixture(params=["drifted", "quiet", "inconclusive"])
def page(request) -> Page:
    return Page(render_html(request.getfixturevalue(request.param)))


def test_every_element_is_closed_in_order(page):
    assert page.open == []


def test_nothing_is_fetched_and_nothing_runs(page):
    names = {tag for tag, _ in page.elements}
    assert names.isdisjoint({"script", "link", "img", "iframe", "object", "embed", "base", "form"})
    assert [href for href in page.values("href") if not href.startswith("#")] == []
    assert page.values("src") == []
    assert not [key for _, attrs in page.elements for key in attrs if key.startswith("on")]


def test_the_style_fetches_nothing(drifted):
    style = re.search(r"<style>(.*?)</style>", render_html(drifted), re.DOTALL)[1]
    assert "url(" not in style
    assert "@import" not in style


def test_ids_are_unique_and_every_reference_finds_its_target(page):
    ids = page.values("id")
    assert sorted(set(ids)) == sorted(ids)
    wanted = {*page.values("aria-labelledby"), *(href[1:] for href in page.values("href"))}
    assert wanted <= set(ids)


def test_headings_step_down_one_level_at_a_time_from_one_h1(page):
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_tables_have_captions_headers_and_roles(page):
    assert len(page.tags("table")) == len(page.tags("caption"))
    assert all(cell.get("scope") in {"row", "col"} for cell in page.tags("th"))
    assert all("role" in attrs for tag, attrs in page.elements if tag in {"table", "tr", "th", "td"})


def test_pictures_have_a_name_or_are_hidden_decoration(page):
    for attrs in page.tags("svg"):
        assert attrs.get("aria-hidden") == "true" or attrs.get("aria-labelledby")


def test_a_hostile_text_is_shown_as_text(drifted):
    html = render_html(drifted)
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "{{ 7*7 }}" in html
    assert "\u202e" not in html
    assert "\x07" not in html


def test_every_text_from_outside_is_escaped_wherever_it_appears(drifted):
    attack = "<b id=x>'\"&"
    example = ExampleReport(
        text=attack, cut_from=None, prediction_id=attack, predicted=attack, confidence=0.5
    )
    word = WordReport(word=attack, score=3.0, reference_rows=0, window_rows=9)
    examples = drifted.examples.model_copy(update={"appeared": (example,), "words": (word,)})
    classes = tuple(item.model_copy(update={"name": attack}) for item in drifted.classes)
    report = drifted.model_copy(
        update={
            "monitor": attack,
            "namespace": attack,
            "run_id": attack,
            "model_name": attack,
            "model_version": attack,
            "deployment_id": attack,
            "examples": examples,
            "classes": classes,
            "notes": (attack,),
        }
    )
    html = render_html(report)
    assert "<b" not in html.replace("<bdi", "").replace("<blockquote", "").replace("<body", "").replace(
        "<br", ""
    )
    assert Page(html).open == []


def test_the_first_screen_answers_the_questions_before_anything_else(drifted):
    page = Page(render_html(drifted))
    questions = ["What changed", "Since when", "How sure", "Does it hurt", "What to do"]
    text = " ".join(page.text)
    places = [text.index(question) for question in questions]
    assert places == sorted(places)
    assert places[-1] < text.index("Checks")
    assert "Critical: data and performance drift" in text


def test_a_long_text_is_cut_and_the_page_says_how_much_is_missing(drifted):
    assert re.search(r"first 280 of \d+ characters", render_html(drifted))


def test_a_page_stays_small(drifted):
    assert len(render_html(drifted).encode()) < 100_000
