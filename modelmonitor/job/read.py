"""What a run reads from PostgreSQL: the reference, the window of every check, and hourly sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from modelmonitor.detect.fourier import FourierMap
from modelmonitor.detect.missing import MissingColumn
from modelmonitor.detect.mmd_fourier import FourierMeanDiscrepancy
from modelmonitor.job.bulk import SAMPLE_ROWS, Bulk, read_bulk
from modelmonitor.job.judge import NO_REFERENCE
from modelmonitor.job.plan import PlannedCheck, RunPlan
from modelmonitor.job.quality import counts_of_tally
from modelmonitor.job.references.provide import Provided, other_model, provide
from modelmonitor.job.references.sources import Sources
from modelmonitor.job.window import Labels, Obstacle, Part, Window
from modelmonitor.sample import Sample
from modelmonitor.store.bulk import Question
from modelmonitor.store.errors import MixedWindow
from modelmonitor.store.references import Reference
from modelmonitor.store.rollups import HourRow, list_hours, roll_up_missing
from modelmonitor.store.window_quality import tally_labels
from modelmonitor.store.windows import count_rows, model_versions, read_window, start_of_newest

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812 - psycopg2's class has a lower-case name

_TREND: Final = timedelta(days=8)


@dataclass(frozen=True, slots=True)
class Found:
    """What the database holds for a run.

    Attributes:
        windows: by name of the check.
        hours: hourly sums of the last days, for the trend of confidence.
        outdated: why there is no newer reference, a sentence; empty if it is the right one.
    """

    reference: Reference | None
    windows: Mapping[str, Window]
    hours: Sequence[HourRow]
    outdated: str = ""


def read(conn: Connection, plan: RunPlan, *, sources: Sources, now: datetime, seed: int) -> Found:
    """Read everything that a run needs; what is missing becomes an obstacle of its window, not an error.

    Args:
        conn: any connection.
        plan: what to run.
        sources: what may be asked for a reference that is not stored yet.
        now: end of the windows, UTC.
        seed: of the choice of rows where there are more than a check reads.
    """
    provided = provide(conn, plan, sources=sources, now=now)
    roll_up_missing(conn, deployment_id=plan.deployment_id, end=now, at_most=_TREND)
    known: dict[_Bounds, list[Part]] = {}
    windows = {
        check.name: _window(conn, plan, check, provided=provided, now=now, seed=seed, known=known)
        for check in plan.checks
    }
    hours = list_hours(conn, deployment_id=plan.deployment_id, start=now - _TREND, end=now)
    return Found(
        reference=_shown(provided.reference, plan), windows=windows, hours=hours, outdated=provided.outdated
    )


def _shown(reference: Reference | None, plan: RunPlan) -> Reference | None:
    return None if reference is None else replace(reference, sample=visible(reference.sample, plan))


def _window(
    conn: Connection,
    plan: RunPlan,
    check: PlannedCheck,
    *,
    provided: Provided,
    now: datetime,
    seed: int,
    known: dict[_Bounds, list[Part]],
) -> Window:
    reference = provided.reference
    span = _span(conn, plan, check, version=reference.model_version if reference else None, now=now)
    if reference is None:
        return span.closed(provided.obstacle or NO_REFERENCE)
    try:
        bounds = (span.start, check.parts, check.max_rows)
        if bounds not in known:
            known[bounds] = read_parts(conn, plan, check, reference=reference, span=span, seed=seed)
    except MixedWindow as error:
        return span.closed(Obstacle("MixedWindow", str(error)))
    if not span.logged and span.others:
        found = f"the predictions come from version {span.latest_other}"
        return span.closed(other_model(found, reference, why=provided.outdated))
    whole, *newer = known[bounds]
    labels = _labels(conn, plan, span=span, reference=reference) if plan.measures(check) else None
    return Window(
        start=span.start,
        end=now,
        rows_logged=span.logged,
        sample=whole.sample,
        newer=tuple(newer),
        bulk=whole.bulk,
        other_versions=span.others,
        labels=labels,
    )


_Bounds = tuple[datetime, int, int]
"""Of checks with the same start, parts and most rows the window is read once."""


def read_parts(
    conn: Connection, plan: RunPlan, check: PlannedCheck, *, reference: Reference, span: Span, seed: int
) -> list[Part]:
    """The rows of a span and of its newest parts, as a run of the check compares them.

    Raises:
        MixedWindow: predictions that cannot be compared with each other.
    """
    samples = _samples(conn, plan, check, reference=reference, span=span, seed=seed)
    bulks = _bulks(conn, plan, check, reference=reference, span=span, sample=samples[0][1], seed=seed)
    return [
        Part(start, visible(sample, plan), bulk) for (start, sample), bulk in zip(samples, bulks, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Span:
    """Bounds of a window with the predictions between them, of the judged version and of others."""

    start: datetime
    end: datetime
    logged: int
    others: int
    latest_other: str

    def closed(self, obstacle: Obstacle) -> Window:
        """The window without rows, for the reason given."""
        return Window(
            self.start, self.end, self.logged, sample=None, obstacle=obstacle, other_versions=self.others
        )


def _span(
    conn: Connection, plan: RunPlan, check: PlannedCheck, *, version: str | None, now: datetime
) -> Span:
    start, whose = now - check.lookback, plan.deployment_id
    if check.newest is not None:
        start = start_of_newest(
            conn, deployment_id=whose, start=start, end=now, rows=check.newest, model_version=version
        )
    counted = partial(count_rows, conn, deployment_id=whose, start=start, end=now)
    logged = counted(model_version=version)
    others = counted() - logged if version else 0
    versions = model_versions(conn, deployment_id=whose, start=start, end=now) if others else ()
    strange = [name for name in versions if name != version]
    return Span(start, now, logged, others, strange[0] if strange else "")


def _samples(
    conn: Connection,
    plan: RunPlan,
    check: PlannedCheck,
    *,
    reference: Reference,
    span: Span,
    seed: int,
) -> list[tuple[datetime, Sample]]:
    """The whole window and its newest parts; of a window that is subsampled each part is read for itself."""
    read_from = partial(
        read_window,
        conn,
        deployment_id=plan.deployment_id,
        end=span.end,
        classes=reference.sample.classes,
        max_rows=min(check.max_rows, SAMPLE_ROWS),
        seed=seed,
        model_version=reference.model_version,
    )
    starts = check.part_starts(span.start, span.end)
    if span.logged > min(check.max_rows, SAMPLE_ROWS):
        return [(start, read_from(start=start)) for start in starts]
    whole = read_from(start=span.start)
    return [(start, _from(whole, start)) for start in starts]


def _bulks(
    conn: Connection,
    plan: RunPlan,
    check: PlannedCheck,
    *,
    reference: Reference,
    span: Span,
    sample: Sample,
    seed: int,
) -> list[Bulk | None]:
    """All rows of the window and of its newest parts, where they are more than a sample holds."""
    starts = check.part_starts(span.start, span.end)
    if min(span.logged, check.max_rows) <= SAMPLE_ROWS:
        return [None] * len(starts)
    maps = _maps(plan, reference.sample, sample, seed=seed)
    question = Question(
        deployment_id=plan.deployment_id,
        start=span.start,
        end=span.end,
        model_version=reference.model_version,
        classes=len(reference.sample.classes),
        dimensions=sample.embeddings.shape[1] if maps and sample.embeddings is not None else 0,
        share=check.max_rows / span.logged,
        seed=seed,
    )
    found = read_bulk(
        conn,
        question,
        starts=[_moment(start) for start in starts],
        classes=reference.sample.classes,
        maps=maps,
    )
    return list(found)


def _maps(
    plan: RunPlan, reference: Sample, sample: Sample, *, seed: int
) -> dict[FourierMeanDiscrepancy, FourierMap]:
    """Feature maps of the run's tests that sum embeddings; none where embeddings are missing."""
    every = (test.detector for check in plan.checks for test in check.tests)
    summing = [detector for detector in every if isinstance(detector, FourierMeanDiscrepancy)]
    try:
        return {detector: detector.fit(reference, sample, seed=seed) for detector in summing}
    except MissingColumn:
        return {}


def _from(sample: Sample, start: datetime) -> Sample:
    return sample.take(np.flatnonzero(sample.predicted_at >= _moment(start)))


def _moment(start: datetime) -> np.datetime64:
    return np.datetime64(start.astimezone(UTC).replace(tzinfo=None), "us")


def _labels(conn: Connection, plan: RunPlan, *, span: Span, reference: Reference) -> Labels:
    tally = tally_labels(
        conn,
        deployment_id=plan.deployment_id,
        start=span.start,
        end=span.end,
        model_version=reference.model_version,
    )
    counts = counts_of_tally(tally, classes=reference.sample.classes, predictions=span.logged)
    return Labels(counts, tally.median_delay_s, tally.as_of)


def visible(sample: Sample, plan: RunPlan) -> Sample:
    """The sample as a run may look at it: without texts where privacy settings keep none."""
    # A hash in place of a text has no words; comparing hashes as words would always look like drift.
    return sample if plan.show_texts else replace(sample, texts=(None,) * len(sample))
