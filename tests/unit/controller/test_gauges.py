"""Gauges of a check's last run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from controller.desired.gauges import GaugeSample, gauges
from controller.desired.runs import CheckState
from controller.manifest import ObjectKey
from modelmonitor import metrics
from modelmonitor.api.checks import Check
from modelmonitor.api.status import CheckStatus, EpisodeStatus

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("verdict", "explanation", "told"),
    [("Drift", "more of lol", ["more of lol"]), ("Drift", None, []), ("NoDrift", "more of lol", [])],
)
def test_what_changed_is_a_label_of_one_series_and_only_while_the_check_drifts(
    verdict: str, explanation: str | None, told: list[str]
) -> None:
    drifts = verdict == "Drift"
    result = CheckStatus(
        name="data",
        verdict=verdict,
        severity="critical" if drifts else None,
        last_run_time=NOW,
        explanation=explanation,
        episode=EpisodeStatus(started_at=NOW, severity="critical") if drifts else None,
    )
    state = CheckState(
        Check(name="data", type="data"), result, None, timedelta(days=1), waiting_since=NOW, stale=False
    )
    shown = gauges(ObjectKey("ml", "sentiment"), [state], ())
    assert [sample for sample in shown if sample.metric is metrics.DRIFT_EXPLANATION] == [
        GaugeSample(metrics.DRIFT_EXPLANATION, ("ml", "sentiment", "data", "data", text), 1.0)
        for text in told
    ]
