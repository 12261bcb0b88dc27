"""The demo's last word: what the guide's thresholds see, what the drift checks see, and what is true."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.table import Table
from rich.text import Text

from modelmonitor.demo.story import Chapter
from modelmonitor.report.answers import headline
from modelmonitor.report.check import CheckReport, Rank
from modelmonitor.report.model import HealthRowReport

_STYLE = {
    "Healthy": "green",
    "Warning": "yellow",
    "Critical": "red",
    "Unknown": "dim",
    Rank.NONE: "green",
    Rank.WARNING: "yellow",
    Rank.CRITICAL: "bold red",
    Rank.INCONCLUSIVE: "dim",
}
_WORDS = 5


def verdict_table(chapters: Sequence[Chapter]) -> Table:
    """One column a replayed corpus; rows from what thresholds see to what is true."""
    table = Table(title="What each says of the same model", title_justify="left")
    table.add_column("")
    for chapter in chapters:
        table.add_column(chapter.replay.name, max_width=24)
    for name, cell in _ROWS:
        table.add_row(name, *(cell(chapter) for chapter in chapters), end_section=name in _SECTION_ENDS)
    return table


def conclusion(chapter: Chapter) -> Text:
    """One line for the end of a step: the verdict of the run."""
    report = chapter.run.report
    return Text(headline(report), style=_STYLE[report.verdict.rank])


def _predictions(chapter: Chapter) -> Text:
    return Text(f"{len(chapter.replay.answers):,}")


def _health(name: str) -> Callable[[Chapter], Text]:
    def cell(chapter: Chapter) -> Text:
        row = next(row for row in chapter.run.report.health if row.name == name)
        return Text(f"{_amount(row)} {row.state}", style=_STYLE[row.state])

    return cell


def _amount(row: HealthRowReport) -> str:
    return "not measured" if row.value is None else f"{row.value:.1%}"


def _check(kind: str) -> Callable[[Chapter], Text]:
    def cell(chapter: Chapter) -> Text:
        checks = [check for check in chapter.run.report.checks if check.type == kind]
        return Text("\n").join(_verdict(check) for check in checks)

    return cell


def _verdict(check: CheckReport) -> Text:
    words = {Rank.NONE: "no drift", Rank.INCONCLUSIVE: "inconclusive"}
    said = words.get(check.verdict.rank, f"{check.verdict.rank} drift")
    leading = check.leading
    numbers = f"\n{leading.detector} {leading.effect_size:.2f}" if leading else ""
    return Text(said, style=_STYLE[check.verdict.rank]) + Text(numbers, style="dim")


def _words(chapter: Chapter) -> Text:
    new = [word.word for word in chapter.run.report.examples.words if word.score > 0]
    if chapter.run.report.verdict.outcome != "Drift":
        return Text("-", style="dim")
    return Text(", ".join(new[:_WORDS]))


def _estimate(chapter: Chapter) -> Text:
    estimate = chapter.run.report.estimate
    return (
        Text("unknown", style="dim")
        if estimate is None
        else Text(f"{estimate.low:.0%} to {estimate.high:.0%}")
    )


def _truth(chapter: Chapter) -> Text:
    return Text(f"{chapter.replay.accuracy:.1%}")


_ROWS: tuple[tuple[str, Callable[[Chapter], Text]], ...] = (
    ("predictions", _predictions),
    ("average confidence", _health("Avg Confidence")),
    ("low-confidence share", _health("Low Confidence Rate")),
    ("data drift", _check("data")),
    ("concept drift (suspected)", _check("concept")),
    ("performance drift", _check("performance")),
    ("new words", _words),
    ("accuracy, estimated", _estimate),
    ("accuracy, from labels", _truth),
)
_SECTION_ENDS = {"predictions", "low-confidence share", "new words"}
