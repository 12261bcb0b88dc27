"""The figures of two weeks side by side, as text: for the terminal and for the page."""

from __future__ import annotations

from modelmonitor.cli.week import Review, Week
from modelmonitor.cli.wording import share


def week_rows(review: Review) -> tuple[tuple[str, str, str, str], ...]:
    """Name, this week, last week and change of each figure."""
    this, last = review.this, review.last
    total = f"{this.predictions.total:,}", f"{last.predictions.total:,}"
    names = sorted({*this.predictions.classes, *last.predictions.classes})
    shares = [
        ("mean confidence", this.predictions.confidence, last.predictions.confidence),
        ("low confidence", this.predictions.low_confidence_share, last.predictions.low_confidence_share),
        ("accuracy, labelled", this.labels.accuracy, last.labels.accuracy),
        *((f"share of {name}", _class_share(this, name), _class_share(last, name)) for name in names),
    ]
    return (
        ("predictions", *total, _growth(this, last)),
        *((name, share(now), share(before), _points(now, before)) for name, now, before in shares),
        ("labels", f"{this.labels.labelled:,}", f"{last.labels.labelled:,}", ""),
    )


def _class_share(week: Week, name: str) -> float | None:
    total = week.predictions.total
    return week.predictions.classes.get(name, 0) / total if total else None


def _growth(this: Week, last: Week) -> str:
    before = last.predictions.total
    return f"{this.predictions.total / before - 1:+.0%}" if before else ""


def _points(now: float | None, before: float | None) -> str:
    return "" if now is None or before is None else f"{(now - before) * 100:+.1f} points"
