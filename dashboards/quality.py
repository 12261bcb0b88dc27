"""Models / Quality: how often the model is right, from labels; and what it was unsure of, from the log."""

# ruff: noqa: S608 - every part of the SQL is text of this package; Grafana quotes the variables

from __future__ import annotations

from typing import Final

from dashboards.dashboard import Dashboard, Section
from dashboards.kinds import bars, lines, stat, table
from dashboards.panel import CONFIDENCE_STEPS, LOW_SHARE_STEPS, Panel, by_name
from dashboards.scope import ONE_MONITOR, deployment_variable
from dashboards.targets import series, sql
from modelmonitor import metrics

_LOG: Final = "deployment_id = ${deployment:sqlstring} AND $__timeFilter(predicted_at)"
_HOURS: Final = "deployment_id = ${deployment:sqlstring} AND $__timeFilter(hour)"
_LABELLED: Final = f"prediction_logs JOIN feedback USING (prediction_id) WHERE {_LOG}"
_RIGHT: Final = "(predicted_sentiment = label)::int"


def quality() -> Dashboard:
    """The dashboard."""
    return Dashboard(
        uid="mm-quality",
        title="Models / Quality",
        description=(
            "Accuracy from labels as they arrive, calibration, and the predictions that deserve a look."
        ),
        scope=ONE_MONITOR,
        sections=[
            Section("", [_numbers()]),
            Section("Labels", [[_accuracy(), _classes()], [_confusion(), _calibration(), _delay()]]),
            Section("The log", [[_hourly(), _volume()], [_unsure()]]),
        ],
        since="now-7d",
        more_variables=(deployment_variable(),),
    )


def _numbers() -> list[Panel]:
    return [
        stat(
            "Accuracy on labels",
            "Share of labelled predictions in the time range that were right.",
            sql(f"SELECT avg({_RIGHT}) AS accuracy FROM {_LABELLED}"),
            unit="percentunit",
            alert="ModelPerformanceBelowTarget",
        ),
        stat(
            "Labelled",
            "Share of predictions that have a label. A small share may not stand for the rest.",
            sql(
                f"""SELECT count(label)::float / nullif(count(*), 0) AS labelled
                    FROM prediction_logs LEFT JOIN feedback USING (prediction_id) WHERE {_LOG}"""
            ),
            unit="percentunit",
        ),
        stat(
            "Predictions",
            "Rows in the log in the time range.",
            sql(f"SELECT count(*) AS predictions FROM prediction_logs WHERE {_LOG}"),
        ),
        stat(
            "Low confidence",
            "Share of predictions with a confidence below 0.6.",
            sql(
                f"""SELECT (count(*) FILTER (WHERE confidence_score < 0.6))::float
                    / nullif(count(confidence_score), 0) AS low
                    FROM prediction_logs WHERE {_LOG}"""
            ),
            unit="percentunit",
            steps=LOW_SHARE_STEPS,
            alert="ModelLowConfidenceRateHigh",
        ),
    ]


def _accuracy() -> Panel:
    return lines(
        "Accuracy: measured and estimated",
        "By day, from labels; and the range that is estimated without any. Labels of the last days still "
        "come.",
        sql(
            f"""SELECT $__timeGroupAlias(predicted_at, '1d'), avg({_RIGHT}) AS "measured"
                FROM {_LABELLED} GROUP BY 1 ORDER BY 1""",
            "time_series",
        ),
        series(
            f"max by (bound) ({ONE_MONITOR.of(metrics.ESTIMATED_ACCURACY)})",
            "estimated {{bound}}",
            interval="5m",
        ),
        series(
            f"max by (bound) ({ONE_MONITOR.of(metrics.LABELLED_ACCURACY)})",
            "measured by the last run {{bound}}",
            interval="5m",
        ),
        unit="percentunit",
        low=None,
        high=1,
        alert="ModelPerformanceBelowTarget",
        width=12,
    )


def _classes() -> Panel:
    return table(
        "By class",
        "Precision: how often the class is right when predicted. Recall: how much of the class is found.",
        sql(
            f"""WITH pairs AS (SELECT predicted_sentiment AS said, label FROM {_LABELLED})
                SELECT class AS "Class", count(*) FILTER (WHERE said = class) AS "Predicted",
                count(*) FILTER (WHERE label = class) AS "Labelled",
                (count(*) FILTER (WHERE said = class AND label = class))::float
                / nullif(count(*) FILTER (WHERE said = class), 0) AS "Precision",
                (count(*) FILTER (WHERE said = class AND label = class))::float
                / nullif(count(*) FILTER (WHERE label = class), 0) AS "Recall",
                2.0 * count(*) FILTER (WHERE said = class AND label = class)
                / nullif(count(*) FILTER (WHERE said = class) + count(*) FILTER (WHERE label = class), 0)
                AS "F1"
                FROM pairs CROSS JOIN (SELECT label AS class FROM pairs UNION SELECT said FROM pairs) AS
                classes
                GROUP BY class ORDER BY class"""
        ),
        unit="percentunit",
        overrides=(by_name("Predicted", unit="short"), by_name("Labelled", unit="short")),
        width=12,
    )


def _confusion() -> Panel:
    return table(
        "Confusion",
        "How labelled predictions fall: rows are labels, the count is of predictions.",
        sql(
            f"""SELECT label AS "Label", predicted_sentiment AS "Predicted", count(*) AS "Predictions"
                FROM {_LABELLED} GROUP BY 1, 2 ORDER BY 1, 2"""
        ),
        width=8,
    )


def _calibration() -> Panel:
    return bars(
        "Calibration",
        "Confidence in ten steps and the share that was right. Confidence above accuracy: the model is "
        "too sure.",
        sql(
            f"""SELECT (least(floor(confidence_score * 10), 9) / 10)::numeric(2, 1)::text AS "From",
                avg(confidence_score) AS "Confidence", avg({_RIGHT}) AS "Accuracy", count(*) AS "Labels"
                FROM {_LABELLED} AND confidence_score IS NOT NULL GROUP BY 1 ORDER BY 1"""
        ),
        unit="percentunit",
        x_field="From",
        overrides=(
            by_name("Labels", unit="short", custom_hideFrom={"viz": True, "legend": True, "tooltip": False}),
        ),
    )


def _delay() -> Panel:
    return lines(
        "Delay of labels",
        "Time from a prediction to its label, median and 9 of 10, by day of the prediction.",
        sql(
            f"""SELECT $__timeGroupAlias(predicted_at, '1d'),
                percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM received_at - predicted_at))
                AS "median",
                percentile_cont(0.9) WITHIN GROUP (ORDER BY extract(epoch FROM received_at - predicted_at))
                AS "9 of 10"
                FROM {_LABELLED} GROUP BY 1 ORDER BY 1""",
            "time_series",
        ),
        unit="s",
    )


def _hourly() -> Panel:
    return lines(
        "Confidence by hour",
        "From hourly sums, which outlive the predictions themselves; as far back as there are any.",
        sql(
            f"""SELECT hour AS time, sum(confidence_sum) / sum(with_confidence) AS "mean confidence",
                sum(low_confidence)::float / sum(with_confidence) AS "share below 0.6"
                FROM prediction_rollups WHERE {_HOURS} GROUP BY 1
                HAVING sum(with_confidence) > 0 ORDER BY 1""",
            "time_series",
        ),
        unit="percentunit",
        high=1,
        steps=CONFIDENCE_STEPS,
        thresholds="dashed",
        alert="ModelConfidenceLow",
        width=12,
    )


def _volume() -> Panel:
    return lines(
        "Predictions by hour and class",
        "From hourly sums.",
        sql(
            f"""SELECT hour AS time, predicted_sentiment AS metric, sum(predictions) AS predictions
                FROM prediction_rollups WHERE {_HOURS} GROUP BY 1, 2 ORDER BY 1""",
            "time_series",
        ),
        alert="ModelPredictionMixShift",
        width=12,
    )


def _unsure() -> Panel:
    return table(
        "Least confident predictions",
        "Read these first. Texts are there as spec.privacy.input says: stored, hashed or not at all.",
        sql(
            f"""SELECT predicted_at AS "When", input_text AS "Text", predicted_sentiment AS "Predicted",
                confidence_score AS "Confidence", prediction_id::text AS "Prediction"
                FROM prediction_logs WHERE {_LOG} AND confidence_score < 0.6
                ORDER BY confidence_score LIMIT 20"""
        ),
        unit="none",
        overrides=(by_name("Confidence", unit="percentunit"),),
    )
