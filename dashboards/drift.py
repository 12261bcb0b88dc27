"""Models / Drift: what the checks of one monitor found, and on how much evidence."""

# ruff: noqa: S608 - every part of the SQL is text of this package; Grafana quotes the variables

from __future__ import annotations

from typing import Final

from dashboards.dashboard import Dashboard, Section
from dashboards.kinds import lines, states, table
from dashboards.panel import GREEN, RED, SEVERITIES, YELLOW, Panel, by_name
from dashboards.scope import BY_CHECK, ONE_MONITOR
from dashboards.targets import latest_table, series, sql
from modelmonitor import metrics

_of: Final = ONE_MONITOR.of
_MINE: Final = f"{ONE_MONITOR.monitor_rows} AND $__timeFilter(created_at)"
_WHOLE_WINDOW: Final = f"{_MINE} AND segment = ''"
# A test of a check, where a check has several.
_TEST: Final = "check_name || ' ' || detector || ' ' || feature"
_VERDICTS: Final = {
    "NoDrift": ("No drift", GREEN),
    "Inconclusive": ("Inconclusive", "gray"),
    "Drift warning": ("Warning", YELLOW),
    "Drift critical": ("Critical", RED),
}


def drift() -> Dashboard:
    """The dashboard."""
    return Dashboard(
        uid="mm-drift",
        title="Models / Drift",
        description=(
            "One monitor: verdict of every run, effect and p-value against their bounds, and what changed."
        ),
        scope=ONE_MONITOR,
        sections=[
            Section("", [[_now()], [_verdicts()]]),
            Section("Evidence", [[_effects(), _p_values()], [_rows(), _ages(), _estimate()]]),
            Section("Runs", [[_runs()], [_episodes()], [_segments(), _conditions()]]),
        ],
        since="now-7d",
    )


def _now() -> Panel:
    return states(
        "Severity by check",
        "As alerts see it. A gap is a check without a conclusive run.",
        series(f"max {BY_CHECK} ({_of(metrics.DRIFT_SEVERITY)})", "{{check}}"),
        unit="none",
        mappings=SEVERITIES,
        alert="ModelDriftDetected",
        height=6,
    )


def _verdicts() -> Panel:
    return states(
        "Verdict of each run",
        "From the results in PostgreSQL; inconclusive runs are shown, for no verdict is not a good one.",
        sql(
            f"""SELECT created_at AS time, check_name AS metric,
                max(CASE WHEN is_drift_detected THEN 'Drift ' || severity ELSE verdict END) AS verdict
                FROM drift_results WHERE {_WHOLE_WINDOW} GROUP BY 1, 2 ORDER BY 1""",
            "time_series",
        ),
        unit="none",
        mappings=_VERDICTS,
        alert="ModelDriftPersistent",
        height=6,
    )


def _effects() -> Panel:
    return lines(
        "Effect size",
        "How large the difference is, each in the unit of its test. Drift needs an effect above its "
        "threshold as well.",
        sql(
            f"""SELECT created_at AS time, {_TEST} AS metric, max(effect_size) AS effect
                FROM drift_results WHERE {_WHOLE_WINDOW} AND effect_size IS NOT NULL GROUP BY 1, 2 ORDER BY
                1""",
            "time_series",
        ),
        sql(
            f"""SELECT created_at AS time, {_TEST} || ' threshold' AS metric, max(threshold) AS threshold
                FROM drift_results WHERE {_WHOLE_WINDOW} AND threshold IS NOT NULL GROUP BY 1, 2 ORDER BY
                1""",
            "time_series",
        ),
        unit="none",
        alert="ModelDriftDetected",
        width=12,
    )


def _p_values() -> Panel:
    return lines(
        "p-value against its level",
        "A p-value below the level is significant. The level follows from the false alarms that you accept.",
        series(f"min {BY_CHECK} ({_of(metrics.DRIFT_P_VALUE)})", "{{check}} p-value"),
        series(f"max {BY_CHECK} ({_of(metrics.DRIFT_THRESHOLD)})", "{{check}} level"),
        unit="sci",
        custom={"scaleDistribution": {"type": "log", "log": 10}},
        low=None,
        alert="ModelDriftDetected",
        width=12,
    )


def _rows() -> Panel:
    return lines(
        "Rows in the window",
        "Predictions that the last run read, and how many it needs. With fewer the run says Inconclusive.",
        series(f"max {BY_CHECK} ({_of(metrics.WINDOW_ROWS)})", "{{check}}"),
        series(f"max {BY_CHECK} ({_of(metrics.WINDOW_MIN_ROWS)})", "{{check}} needs"),
        alert="ModelWindowTooSmall",
    )


def _ages() -> Panel:
    return lines(
        "Age of the last result",
        "Time since a check last had a result. Twice the interval of its schedule raises an alert.",
        series(f"time() - max {BY_CHECK} ({_of(metrics.RUN_LAST_SUCCESS)})", "{{check}}"),
        series(f"2 * max {BY_CHECK} ({_of(metrics.RUN_INTERVAL)})", "{{check}} limit"),
        unit="s",
        alert="ModelDriftRunStale",
    )


def _estimate() -> Panel:
    return lines(
        "Accuracy, estimated without labels",
        "The range holds the truth nine times of ten. Labels, where there are any, are in Models / Quality.",
        series(f"max by (bound) ({_of(metrics.ESTIMATED_ACCURACY)})", "{{bound}}"),
        unit="percentunit",
        low=None,
        high=1,
    )


def _runs() -> Panel:
    return table(
        "Last runs",
        "One row a test, the latest first. The reason is the verdict in a sentence; the report has the "
        "examples.",
        sql(
            f"""SELECT created_at AS "Run", check_name AS "Check", detector AS "Detector", feature AS
                "Feature",
                verdict AS "Verdict", severity AS "Severity", p_value AS "p", level AS "Level",
                effect_size AS "Effect", threshold AS "Threshold", n_window AS "Rows", n_reference AS
                "Reference",
                model_version AS "Version", reason AS "Reason", report_url AS "Report"
                FROM drift_results WHERE {_WHOLE_WINDOW} ORDER BY created_at DESC, result_id LIMIT 200"""
        ),
        unit="none",
        overrides=(by_name("Rows", unit="short"), by_name("Reference", unit="short")),
        height=10,
    )


def _episodes() -> Panel:
    return table(
        "Episodes",
        "Unbroken spells of drift: one page an episode, however many runs see it. Open ones have no end.",
        sql(
            f"""SELECT started_at AS "Began", ended_at AS "Ended", check_name AS "Check", severity AS
                "Severity",
                runs AS "Runs", peak_effect_size AS "Largest effect" FROM drift_episodes
                WHERE {ONE_MONITOR.monitor_rows}
                AND started_at <= $__timeTo() AND coalesce(ended_at, $__timeTo()) >= $__timeFrom() ORDER BY
                started_at DESC LIMIT 100"""
        ),
        unit="none",
        alert="ModelDriftPersistent",
        height=6,
    )


def _segments() -> Panel:
    return table(
        "Segments with the largest effects",
        "Parts of the window that were tested on their own: drift of a small segment can hide in the whole.",
        sql(
            f"""SELECT segment AS "Segment", check_name AS "Check", max(effect_size) AS "Largest effect",
                min(p_value) AS "Smallest p", count(*) FILTER (WHERE is_drift_detected) AS "Runs with drift",
                max(created_at) AS "Last run"
                FROM drift_results WHERE {_MINE} AND segment <> '' GROUP BY 1, 2 ORDER BY 3 DESC NULLS LAST
                LIMIT 50"""
        ),
        unit="none",
        width=12,
    )


def _conditions() -> Panel:
    return table(
        "Conditions",
        "What the operator says of the monitor: 1 is True. Degraded and RetrainRecommended ask for someone.",
        latest_table(f"max by (type, reason) ({_of(metrics.CONDITION)})"),
        unit="none",
        transformations=({"id": "organize", "options": {"excludeByName": {"Time": True}}},),
        width=12,
    )
