"""A review of some span as a page with the look of the report: a verdict, a chart, and tables of text."""

from __future__ import annotations

from dataclasses import dataclass

from modelmonitor.report import courses
from modelmonitor.report.html import template
from modelmonitor.report.model import MomentReport


@dataclass(frozen=True, slots=True)
class Table:
    """One table, or the sentence that stands for an empty one.

    Attributes:
        name: unique in the page, one word.
        caption: what the figures are, in a sentence.
        heads: a word or two a column.
        rows: as many cells each as there are heads; the first names the row.
        numbers: places of columns that hold numbers.
    """

    name: str
    title: str
    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    empty: str = ""
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """Everything on the page.

    Attributes:
        rank: critical, warning or none: its colour.
        look_at: rank and sentence of each thing, the worst first.
        days: confidence by day.
        before: mean confidence of the span before, 0 to 1; None where it had no predictions.
        problems: a sentence for each source that does not answer.
    """

    name: str
    span: str
    verdict: str
    rank: str
    look_at: tuple[tuple[str, str], ...]
    days: tuple[MomentReport, ...]
    before: float | None
    tables: tuple[Table, ...]
    problems: tuple[str, ...] = ()


def render_review(page: ReviewPage) -> str:
    """The whole page as a string; every text from outside is escaped by the template."""
    return template("review.html.jinja").render(page=page, courses=courses)
