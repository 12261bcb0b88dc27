"""The weekly review as the page that a team reads together: values in, page out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from modelmonitor.cli.review_figures import week_rows
from modelmonitor.cli.week import Review, TrainingRun, look_at
from modelmonitor.cli.wording import ago
from modelmonitor.health import State, Thresholds
from modelmonitor.report.model import MomentReport
from modelmonitor.report.review_page import ReviewPage, Table

_RANK: Final = {State.CRITICAL: "critical", State.WARNING: "warning"}


def review_page(review: Review, thresholds: Thresholds) -> ReviewPage:
    """What the page of a review holds."""
    found = look_at(review, thresholds)
    ranks = [_RANK.get(state, "none") for state, _ in found]
    return ReviewPage(
        name=review.name,
        span=f"{review.start:%Y-%m-%d} to {review.end:%Y-%m-%d} UTC",
        verdict=_verdict(len(found)),
        rank=ranks[0] if ranks else "none",
        look_at=tuple(zip(ranks, (told for _, told in found), strict=True)),
        days=tuple(
            MomentReport(
                start=datetime.fromisoformat(day.day).replace(tzinfo=UTC),
                rows=day.predictions,
                confidence=day.confidence,
            )
            for day in review.days
        ),
        before=review.last.predictions.confidence,
        tables=(_weeks(review), _runs(review), _alerts(review), *_trainings(review)),
        problems=review.problems,
    )


def _verdict(things: int) -> str:
    if not things:
        return "A week like the one before"
    return f"{things} thing{'s' if things > 1 else ''} to look at"


def _weeks(review: Review) -> Table:
    return Table(
        name="week",
        title="This week beside the last",
        caption="Seven days up to now, and the seven before.",
        heads=("Figure", "This week", "Last week", "Change"),
        rows=week_rows(review),
        numbers=(1, 2, 3),
    )


def _runs(review: Review) -> Table:
    return Table(
        name="drift",
        title="Drift",
        caption=f"{len(review.runs)} runs of checks this week; those that said drift.",
        heads=("Run", "Check", "Severity", "When", "What it found"),
        rows=tuple(
            (run.run, run.name, run.severity, ago(run.at, review.end), run.reason) for run in review.drifted
        ),
        empty=f"None of {len(review.runs)} runs said drift.",
    )


def _alerts(review: Review) -> Table:
    return Table(
        name="alerts",
        title="Alerts",
        caption="Alerts that fired at some moment of this week.",
        heads=("Alert", "Severity", "Check", "Began", "Ended"),
        rows=tuple(
            (
                alert.name,
                alert.severity,
                alert.check,
                ago(alert.since, review.end),
                "fires" if alert.ended is None else ago(alert.ended, review.end),
            )
            for alert in review.alerts
        ),
        empty="No alert fired.",
    )


def _trainings(review: Review) -> tuple[Table, ...]:
    if review.trainings is None:
        return ()
    rows = tuple((run.name, ago(run.started, review.end), _metrics(run)) for run in review.trainings)
    return (
        Table(
            name="mlflow",
            title="Runs in MLflow",
            caption="Trainings and drift runs that began this week.",
            heads=("Run", "When", "Metrics"),
            rows=rows,
            empty="None began this week.",
        ),
    )


def _metrics(run: TrainingRun) -> str:
    return ", ".join(f"{name} {value:.3g}" for name, value in run.metrics)
