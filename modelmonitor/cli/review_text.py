"""The weekly review on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from modelmonitor.cli.printing import printer
from modelmonitor.cli.review_figures import week_rows
from modelmonitor.cli.sparkline import sparkline
from modelmonitor.cli.status_text import plain_table
from modelmonitor.cli.week import Review, look_at
from modelmonitor.cli.wording import OF_SEVERITY, STYLE, ago
from modelmonitor.health import State, Thresholds


def show_review(review: Review, thresholds: Thresholds) -> None:
    """Print the review: what to look at first, then the figures."""
    out = printer()
    span = f"{review.start:%Y-%m-%d} to {review.end:%Y-%m-%d}"
    out.print(Text(f"{review.name}, week {span} UTC", style="bold"), soft_wrap=True)
    found = look_at(review, thresholds)
    for state, told in found:
        out.print(Text(f"look at  {told}", style=STYLE[state]), soft_wrap=True)
    if not found:
        out.print(Text("nothing to look at: the week was like the one before", style=STYLE[State.HEALTHY]))
    _weeks(review, out)
    _trend(review, out)
    _drift(review, out)
    _alerts(review, out)
    _trainings(review, out)
    for problem in review.problems:
        out.print(f"source   DOWN: {problem}", style="yellow", markup=False, soft_wrap=True)


def _weeks(review: Review, out: Console) -> None:
    table = plain_table("FIGURE", "THIS WEEK", "LAST WEEK", "CHANGE")
    for row in week_rows(review):
        table.add_row(*row)
    out.print(table)


def _trend(review: Review, out: Console) -> None:
    if not review.days:
        return
    values = [day.confidence for day in review.days]
    line = sparkline(values, low=0.5, high=1.0)
    bounds = f"{min(values):.1%} to {max(values):.1%}"
    first, last = review.days[0].day, review.days[-1].day
    out.print(f"confidence by day  {line}  {bounds}, {first} to {last}", soft_wrap=True)


def _drift(review: Review, out: Console) -> None:
    if not review.runs:
        out.print("drift    no check ran this week: modelmonitor drift run", soft_wrap=True)
        return
    out.print(f"drift    {len(review.runs)} runs, {len(review.drifted)} said drift", soft_wrap=True)
    for run in review.drifted:
        style = STYLE[OF_SEVERITY.get(run.severity, State.WARNING)]
        told = f"         {run.name} {run.severity} {ago(run.at, review.end)}: {run.reason}"
        out.print(Text(told, style=style), soft_wrap=True)


def _alerts(review: Review, out: Console) -> None:
    firing = sum(alert.ended is None for alert in review.alerts)
    out.print(f"alerts   {len(review.alerts)} this week, {firing} fire now", soft_wrap=True)
    for alert in review.alerts:
        end = "fires" if alert.ended is None else f"ended {ago(alert.ended, review.end)}"
        told = f"         {alert.name} {alert.severity}, began {ago(alert.since, review.end)}, {end}"
        out.print(told, markup=False, soft_wrap=True)


def _trainings(review: Review, out: Console) -> None:
    if review.trainings is None:
        return
    out.print(f"MLflow   {len(review.trainings)} runs this week", soft_wrap=True)
    for run in review.trainings:
        values = ", ".join(f"{name} {value:.3g}" for name, value in run.metrics)
        out.print(
            f"         {run.name} {ago(run.started, review.end)} {values}", markup=False, soft_wrap=True
        )
