"""Quality of past windows: recorded once, and revised while their labels arrive."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from modelmonitor.job.plan import RunPlan
from modelmonitor.job.quality import counts_of_tally, measured
from modelmonitor.job.window import Labels, Window
from modelmonitor.report.model import RunReport
from modelmonitor.store.window_quality import (
    PastWindow,
    QualityRow,
    last_recorded_end,
    save_quality,
    stale_windows,
    tally_labels,
)

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812

_REVISED_FOR: Final = timedelta(days=90)
_MOST_AT_ONCE: Final = 100


def record_quality(
    conn: Connection, plan: RunPlan, *, windows: Mapping[str, Window], report: RunReport
) -> int:
    """Record the window of this run unless it mostly overlaps a recorded one; revise those with new labels.

    Args:
        conn: commits once for each window.
        plan: of the run.
        windows: by name of the check.
        report: of the run.

    Returns:
        Past windows that were revised.
    """
    now = report.finished_at
    _record(conn, plan, windows=windows, report=report)
    stale = stale_windows(
        conn,
        **plan.whose,
        since=now - _REVISED_FOR,
        most=_MOST_AT_ONCE,
    )
    for past in stale:
        _save(conn, _revised(conn, plan, past, now=now))
    return len(stale)


def _record(conn: Connection, plan: RunPlan, *, windows: Mapping[str, Window], report: RunReport) -> None:
    window = next((each for each in windows.values() if each.labels is not None), None)
    if window is None or window.labels is None or not window.rows_logged or report.model_version is None:
        return
    known_until = last_recorded_end(conn, **plan.whose, until=window.end)
    fresh = window.end - max(known_until or window.start, window.start)
    if 2 * fresh < window.end - window.start:
        return
    past = PastWindow(
        window.start, window.end, report.model_version, window.labels.counts.classes, window.rows_logged
    )
    _save(conn, _row(plan, past, labels=window.labels, now=report.finished_at))


def _revised(conn: Connection, plan: RunPlan, past: PastWindow, *, now: datetime) -> QualityRow:
    tally = tally_labels(
        conn,
        deployment_id=plan.deployment_id,
        start=past.window_start,
        end=past.window_end,
        model_version=past.model_version,
    )
    counts = counts_of_tally(tally, classes=past.classes, predictions=past.predictions)
    return _row(plan, past, labels=Labels(counts, tally.median_delay_s, tally.as_of), now=now)


def _row(plan: RunPlan, past: PastWindow, *, labels: Labels, now: datetime) -> QualityRow:
    found = measured(labels.counts, delay_s=labels.delay_s)
    return QualityRow(
        **plan.whose,
        window_start=past.window_start,
        window_end=past.window_end,
        model_version=past.model_version,
        predictions=past.predictions,
        labelled=labels.counts.labelled,
        classes=tuple(past.classes),
        confusion=tuple(int(count) for count in labels.counts.confusion.ravel()),
        accuracy=found.accuracy if found else None,
        accuracy_low=found.low if found else None,
        accuracy_high=found.high if found else None,
        f1=found.f1 if found else None,
        precision=found.precision if found else None,
        recall=found.recall if found else None,
        label_delay_s=labels.delay_s,
        first_at=now,
        revised_at=labels.as_of,
    )


def _save(conn: Connection, row: QualityRow) -> None:
    with conn, conn.cursor() as cursor:
        save_quality(cursor, row)
