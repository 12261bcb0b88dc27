"""A report is made of sums: a million predictions make it no longer than two thousand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from modelmonitor.job.compare import accuracy_course, compare_classes, compare_confidence, time_course
from modelmonitor.job.window import Window
from modelmonitor.report.html import render_html
from modelmonitor.sample import Sample
from tests.unit.report.conftest import drifted

__all__ = ["drifted"]
ROWS = 1_000_000
CLASSES = 40
START = datetime(2026, 11, 22, tzinfo=UTC)


def million(seed: int) -> Sample:
    draw = np.random.default_rng(seed)
    weights = draw.random((ROWS, CLASSES), dtype=np.float32)
    moments = np.datetime64(START.replace(tzinfo=None), "us") + draw.integers(0, 86_400_000_000, ROWS)
    return Sample(
        classes=tuple(f"CLASS_{number:02}" for number in range(CLASSES)),
        prediction_ids=("",) * ROWS,
        texts=(None,) * ROWS,
        probabilities=weights / weights.sum(axis=1, keepdims=True),
        embeddings=None,
        predicted_at=moments.astype("datetime64[us]"),
        labels=draw.integers(-1, CLASSES, ROWS),
    )


def test_a_million_rows_fit_into_two_megabytes_of_page_and_of_json(drifted):
    reference, sample = million(1), million(2)
    window = Window(START, START + timedelta(days=1), rows_logged=ROWS, sample=sample)
    finding = drifted.checks[0].findings[0]
    check = drifted.checks[0].model_copy(update={"findings": (finding,) * 20})
    report = drifted.model_copy(
        update={
            "window": window.summary(),
            "checks": (check,) * 20,
            "confidence": compare_confidence(reference, sample),
            "classes": compare_classes(reference, sample, seed=0),
            "moments": time_course(window),
            "accuracy_moments": accuracy_course(window),
            "examples": drifted.examples.model_copy(update={"words": drifted.examples.words * 10}),
        }
    )

    page, twin = render_html(report), report.model_dump_json()

    assert sum(moment.rows for moment in report.moments) == ROWS
    assert (len(page.encode()) < 2_000_000, len(twin.encode()) < 2_000_000) == (True, True)
