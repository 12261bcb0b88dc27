"""Models / Pipeline: does the monitoring itself work? Checks, log, database, operator."""

from __future__ import annotations

from typing import Final

from dashboards import own_parts
from dashboards.dashboard import Dashboard, Section
from dashboards.kinds import lines, stat, states, table
from dashboards.panel import ANY_IS_BAD, ANY_IS_GOOD, GREEN, RED, Panel, by_name
from dashboards.scope import ANY_MONITOR, BY_CHECK, BY_MONITOR
from dashboards.targets import latest, series, sql
from modelmonitor import metrics

_of: Final = ANY_MONITOR.of
_NAME: Final = "{{namespace}}/{{modelmonitor}}"
_CHECK: Final = "{{modelmonitor}}/{{check}}"


def pipeline() -> Dashboard:
    """The dashboard."""
    return Dashboard(
        uid="mm-pipeline",
        title="Models / Pipeline",
        description=(
            "The monitoring itself: do checks run, does every prediction reach the database, is "
            "the operator well?"
        ),
        scope=ANY_MONITOR,
        sections=[
            Section("", [_numbers()]),
            Section("Checks", [[_ages(), _failures()]]),
            Section(
                "Prediction log",
                [[_written(), _waiting(), _dropped()], [_database(), _queries(), _scrapes()]],
            ),
            Section("Collector", [[own_parts.events(), own_parts.joined(), own_parts.labels()]]),
            Section("Tables", [[_days(), _sizes()]]),
            Section(
                "The operator",
                [
                    [own_parts.reconciles(), own_parts.durations(), own_parts.queue()],
                    [own_parts.errors(), own_parts.requests()],
                ],
            ),
        ],
        since="now-6h",
    )


def _numbers() -> list[Panel]:
    return [
        stat(
            "Targets not scraped",
            "Pods of monitored models that Prometheus does not reach.",
            latest(f"count({_of('up')} == 0) or vector(0)", "targets"),
            steps=ANY_IS_BAD,
            alert="ModelTargetDown",
        ),
        stat(
            "Database",
            "Whether every predictor reached PostgreSQL with its last statement.",
            latest(f"min({_of(metrics.DATABASE_UP)})", "database"),
            unit="none",
            steps=ANY_IS_GOOD,
            mappings={"1": ("UP", GREEN), "0": ("DOWN", RED)},
            alert="ModelMonitorDatabaseDown",
        ),
        stat(
            "Failed checks",
            "Checks of which the newest finished job failed.",
            latest(f"sum(max {BY_CHECK} ({_of(metrics.RUN_FAILED)}))", "checks"),
            steps=ANY_IS_BAD,
            alert="ModelDriftRunFailed",
        ),
        stat(
            "Operator",
            "Monitors that the operator looks after. No value: it is not scraped, and drift alerts are "
            "blind.",
            latest(f"sum({metrics.OPERATOR_MONITORS.name}) or vector(0)", "monitors"),
            unit="none",
            steps=ANY_IS_GOOD,
            alert="ModelMonitorOperatorDown",
        ),
    ]


def _ages() -> Panel:
    return lines(
        "Time without a result",
        "Since each check waits for its next result, as a share of the interval of its schedule. Above 2 "
        "it is overdue.",
        series(
            f"(time() - max {BY_CHECK} ({_of(metrics.RUN_WAITING_SINCE)}))"
            f" / max {BY_CHECK} ({_of(metrics.RUN_INTERVAL)})",
            _CHECK,
        ),
        unit="none",
        steps=((None, GREEN), (2, RED)),
        thresholds="dashed",
        alert="ModelDriftRunStale",
        width=12,
    )


def _failures() -> Panel:
    return states(
        "Failed runs",
        "Whether the newest finished job of a check failed; its log says why.",
        series(f"max {BY_CHECK} ({_of(metrics.RUN_FAILED)})", _CHECK),
        unit="none",
        mappings={"0": ("ok", GREEN), "1": ("failed", RED)},
        alert="ModelDriftRunFailed",
        width=12,
    )


def _written() -> Panel:
    return lines(
        "Predictions made and logged",
        "Both lines should lie on each other; the second follows when the database was away.",
        series(f"sum {BY_MONITOR} (rate({_of(metrics.PREDICTIONS)}[$__rate_interval]))", f"{_NAME} made"),
        series(f"sum {BY_MONITOR} (rate({_of(metrics.LOG_WRITTEN)}[$__rate_interval]))", f"{_NAME} logged"),
        unit="reqps",
    )


def _waiting() -> Panel:
    return lines(
        "Waiting on disk",
        "Predictions that PostgreSQL has not committed yet. Nothing is lost until the quota of the spool "
        "is used up.",
        series(f"sum {BY_MONITOR} ({_of(metrics.LOG_QUEUED)})", _NAME),
        unit="bytes",
        alert="ModelMonitorDatabaseDown",
    )


def _dropped() -> Panel:
    return lines(
        "Lost predictions",
        "Rows that could not be logged, by cause. Any is a defect or a full disk.",
        series(f"sum by (reason) (increase({_of(metrics.LOG_DROPPED)}[$__rate_interval]))", "{{reason}}"),
        steps=ANY_IS_BAD,
        alert="ModelPredictionLogDropped",
    )


def _database() -> Panel:
    return states(
        "Database, as predictors see it",
        "Whether the last statement to PostgreSQL succeeded.",
        series(f"min {BY_MONITOR} ({_of(metrics.DATABASE_UP)})", _NAME),
        unit="none",
        mappings={"0": ("down", RED), "1": ("up", GREEN)},
        alert="ModelMonitorDatabaseDown",
        width=8,
    )


def _queries() -> Panel:
    return lines(
        "Statements",
        "Statements sent to PostgreSQL, by operation and table. Batches, so far fewer than predictions.",
        series(
            f"sum by (operation, table) (rate({_of(metrics.DATABASE_QUERIES)}[$__rate_interval]))",
            "{{operation}} {{table}}",
        ),
        unit="ops",
    )


def _scrapes() -> Panel:
    return lines(
        "Scraped pods",
        "Pods that Prometheus reaches, by monitor.",
        series(f"sum {BY_MONITOR} ({_of('up')})", _NAME),
        unit="none",
        alert="ModelTargetDown",
    )


def _days() -> Panel:
    return lines(
        "Rows by day",
        "From hourly sums of the whole log, by deployment.",
        sql(
            """SELECT $__timeGroupAlias(hour, '1d'), deployment_id AS metric, sum(predictions) AS rows
               FROM prediction_rollups WHERE $__timeFilter(hour) GROUP BY 1, 2 ORDER BY 1""",
            "time_series",
        ),
        width=12,
    )


def _sizes() -> Panel:
    return table(
        "Size of tables",
        "With indexes and all partitions. Retention drops whole days of prediction_logs.",
        sql(
            """SELECT coalesce(parent.relname, own.relname) AS "Table", count(*) AS "Parts",
               sum(pg_total_relation_size(own.oid)) AS "Size"
               FROM pg_class AS own LEFT JOIN pg_inherits ON inhrelid = own.oid
               LEFT JOIN pg_class AS parent ON parent.oid = inhparent
               WHERE own.relkind = 'r' AND own.relnamespace = current_schema()::regnamespace
               GROUP BY 1 ORDER BY 3 DESC LIMIT 20"""
        ),
        overrides=(by_name("Size", unit="bytes"),),
        width=12,
    )
