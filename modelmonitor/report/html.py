"""The report as one HTML file: no script, no network, light and dark, readable without a mouse."""

from __future__ import annotations

from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from modelmonitor.report import charts, courses, wording
from modelmonitor.report.answers import answers
from modelmonitor.report.check import Rank
from modelmonitor.report.model import HealthRowReport, RunReport
from modelmonitor.report.text import TEXT_LIMIT

_BADGES: Final = {
    Rank.CRITICAL: "Drift, critical",
    Rank.WARNING: "Drift, warning",
    Rank.INCONCLUSIVE: "Inconclusive",
    Rank.NONE: "No drift",
}


def render_html(report: RunReport) -> str:
    """The whole page as a string; every text from outside is escaped by the template."""
    word_limit = max((abs(word.score) for word in report.examples.words), default=1.0)
    return template("report.html.jinja").render(
        report=report,
        answers=answers(report),
        rank=str(report.verdict.rank),
        badges=_BADGES,
        word_limit=word_limit,
        text_limit=TEXT_LIMIT,
        charts=charts,
        courses=courses,
        wording=wording,
        health_value=health_value,
    )


def health_value(row: HealthRowReport, value: float | None) -> str:
    """A value of the threshold table in the row's own unit."""
    if value is None:
        return "not measured"
    if row.name.startswith("Latency"):
        return f"{value * 1000:.0f} ms"
    if row.name == "Model Status":
        return "loaded" if value else "not loaded"
    return wording.percent(value)


@cache
def template(name: str) -> Template:
    """A template of this package that escapes everything which it is not told to trust."""
    environment = Environment(
        loader=PackageLoader("modelmonitor.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
