"""A reference of the prediction log: a fixed stretch of it, or its last days without those that drifted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from modelmonitor.api.durations import parse_time
from modelmonitor.job.plan import RunPlan
from modelmonitor.job.references.sources import ReferenceNotBuilt
from modelmonitor.sample import Sample
from modelmonitor.store.episodes import EpisodeRow, load_episodes
from modelmonitor.store.errors import MixedWindow
from modelmonitor.store.references import NEXT_VERSION, Reference
from modelmonitor.store.windows import count_rows, logged_classes, prevailing_version, read_window

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812 - psycopg2's class has a lower-case name

REFERENCE_ROWS: Final = 10_000
"""Most rows of a reference of the log: five times a window's default, 8 MB with embeddings of 384 numbers."""

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the prediction log.

    Attributes:
        kind: window or rolling.
        start: first moment, UTC.
        end: moment after the last, UTC.
        episodes: spans of drift between the two, with the windows in which it was first seen.
    """

    kind: str
    start: datetime
    end: datetime
    episodes: tuple[Span, ...] = ()

    @property
    def excluded(self) -> tuple[Span, ...]:
        """Spans that are left out: a rolling reference goes on without them, a fixed window is what it is."""
        return self.episodes if self.kind == "rolling" else ()

    def source(self) -> dict[str, object]:
        """What is recorded of it, as JSON types."""
        return {
            "kind": self.kind,
            "from": self.start.isoformat(),
            "to": self.end.isoformat(),
            "excluded": [[start.isoformat(), end.isoformat()] for start, end in self.excluded],
        }


def stretch_of(conn: Connection, plan: RunPlan, *, now: datetime) -> Stretch:
    """The stretch that the spec names.

    A rolling one ends where the longest window of today's checks may begin, so that no row is compared with
    itself, and moves once a day.
    """
    spec = plan.reference.spec
    if spec.window is not None:
        kind, start, end = "window", parse_time(spec.window.from_), parse_time(spec.window.to)
    else:
        days = spec.rolling.days if spec.rolling is not None else 0
        midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        kind, end = "rolling", midnight - plan.reference.longest_lookback
        start = end - timedelta(days=days)
    with conn, conn.cursor() as cursor:
        episodes = load_episodes(cursor, **plan.whose, until=now)
    return Stretch(kind, start, end, _spans(episodes, plan, start=start, end=end))


def _spans(
    episodes: Sequence[EpisodeRow], plan: RunPlan, *, start: datetime, end: datetime
) -> tuple[Span, ...]:
    # The window in which drift was first seen began before the run that saw it.
    spans = [(each.started_at - plan.reference.longest_lookback, each.ended_at or end) for each in episodes]
    return tuple((max(first, start), min(last, end)) for first, last in spans if first < end and last > start)


def log_reference(
    conn: Connection, plan: RunPlan, stretch: Stretch, *, wanted: str | None, now: datetime
) -> Reference:
    """A reference of the predictions of a stretch, not saved yet.

    Args:
        conn: where the log is.
        plan: whose predictions.
        stretch: which of them.
        wanted: the version of the model; None for the one that made most of them.
        now: becomes the time of the reference.

    Raises:
        ReferenceNotBuilt: too few predictions of that version, or they do not agree on their classes.
    """
    _require_past(stretch, plan, now=now)
    version = wanted or _version(conn, plan, stretch)
    needed = max(check.min_rows for check in plan.checks)
    sample = _read(conn, plan, stretch, version=version or "")
    if sample is None or len(sample) < needed:
        of_version = f"predictions of version {version}" if version else "predictions"
        raise ReferenceNotBuilt(
            f"From {stretch.start:%Y-%m-%d %H:%M} to {stretch.end:%Y-%m-%d %H:%M} UTC the log has "
            f"{0 if sample is None else len(sample)} {of_version}{_left_out(stretch)}, of {needed} needed"
        )
    source = {**stretch.source(), "rows": len(sample), "confidence_known": sample.confidence_known}
    return Reference(
        name=plan.reference.name,
        version=NEXT_VERSION,
        model_name=plan.model_name,
        model_version=version or "",
        created_at=now,
        origin=f"predictions of {plan.deployment_id} from {stretch.start:%Y-%m-%d %H:%M} "
        f"to {stretch.end:%Y-%m-%d %H:%M} UTC{_left_out(stretch)}",
        sample=sample,
        source=source,
    )


def _require_past(stretch: Stretch, plan: RunPlan, *, now: datetime) -> None:
    free = stretch.end + plan.reference.longest_lookback
    if free > now:
        raise ReferenceNotBuilt(
            f"The reference ends at {stretch.end:%Y-%m-%d %H:%M} UTC, within the windows of the checks, so "
            f"rows would be compared with themselves until {free:%Y-%m-%d %H:%M} UTC"
        )


def _left_out(stretch: Stretch) -> str:
    spans = len(stretch.excluded)
    return f" without {spans} {'spell' if spans == 1 else 'spells'} of drift" if spans else ""


def _version(conn: Connection, plan: RunPlan, stretch: Stretch) -> str | None:
    return prevailing_version(
        conn, deployment_id=plan.deployment_id, start=stretch.start, end=stretch.end, rows=REFERENCE_ROWS
    )


def _read(conn: Connection, plan: RunPlan, stretch: Stretch, *, version: str) -> Sample | None:
    whose, start, end = plan.deployment_id, stretch.start, stretch.end
    if not count_rows(conn, deployment_id=whose, start=start, end=end, model_version=version):
        return None
    try:
        classes = logged_classes(conn, deployment_id=whose, start=start, end=end, model_version=version)
        return read_window(
            conn,
            deployment_id=whose,
            start=start,
            end=end,
            classes=classes,
            max_rows=REFERENCE_ROWS,
            seed=int(start.timestamp()),
            model_version=version,
            excluded=stretch.excluded,
        )
    except MixedWindow as error:
        raise ReferenceNotBuilt(str(error)) from None
