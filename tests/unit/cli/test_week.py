"""The weekly review: what a person should look at, from two weeks of figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from modelmonitor.cli.model import CheckLine
from modelmonitor.cli.review_text import show_review
from modelmonitor.cli.sources.database import LabelFacts, WindowFacts
from modelmonitor.cli.week import Day, Review, Week, look_at
from modelmonitor.health import State, Thresholds

NOW = datetime(2026, 3, 11, 12, tzinfo=UTC)


def week(*, confidence=0.9, positive=60, negative=40, labelled=50):
    classes = {"NEGATIVE": negative, "POSITIVE": positive}
    return Week(WindowFacts(classes, confidence, 0.05, NOW), LabelFacts(labelled, labelled * 9 // 10))


CALM = Review(
    name="sentiment",
    start=NOW - timedelta(days=7),
    end=NOW,
    this=week(),
    last=week(),
    days=(Day("2026-03-10", 90, 0.8), Day("2026-03-11", 110, 0.95)),
    runs=(),
    alerts=(),
    trainings=None,
)
DRIFT = CheckLine(
    "data", "data", "Drift", "critical", run="r1", at=NOW - timedelta(days=1), reason="New words."
)


def told(review):
    return [sentence for _, sentence in look_at(review, Thresholds())]


def test_a_week_like_the_last_has_nothing_to_look_at():
    assert look_at(CALM, Thresholds()) == ()


@pytest.mark.parametrize(
    ("this", "sentence"),
    [
        ({"confidence": 0.87}, "mean confidence fell from 90.0% to 87.0%"),
        ({"confidence": 0.55}, "mean confidence is 55.0%, in its critical range"),
        ({"positive": 75, "negative": 25}, "the share of NEGATIVE changed by -15.0 points"),
        ({"positive": 24, "negative": 16}, "traffic fell from 100 to 40 predictions"),
        (
            {"labelled": 0},
            "no labels came for this week, so accuracy is not known: modelmonitor feedback import",
        ),
    ],
)
def test_each_change_that_matters_is_one_sentence(this, sentence):
    assert told(replace(CALM, this=week(**this))) == [sentence]


def test_small_changes_are_not_told():
    assert told(replace(CALM, this=week(confidence=0.89, positive=65, negative=35))) == []


def test_drift_comes_first_with_the_command_that_shows_it():
    review = replace(CALM, this=week(labelled=0), runs=(DRIFT,))

    state, sentence = look_at(review, Thresholds())[0]

    assert state is State.CRITICAL
    assert sentence == "1 of 1 runs said drift (data): modelmonitor drift show r1"


def test_the_review_on_a_terminal(capsys):
    show_review(replace(CALM, runs=(DRIFT,), trainings=(), problems=("MLflow sleeps",)), Thresholds())

    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == [
        "sentiment, week 2026-03-04 to 2026-03-11 UTC",
        "look at  1 of 1 runs said drift (data): modelmonitor drift show r1",
        "FIGURE              THIS WEEK  LAST WEEK  CHANGE",
        "predictions         100        100        +0%",
        "mean confidence     90.0%      90.0%      +0.0 points",
        "low confidence      5.0%       5.0%       +0.0 points",
        "accuracy, labelled  90.0%      90.0%      +0.0 points",
        "share of NEGATIVE   40.0%      40.0%      +0.0 points",
        "share of POSITIVE   60.0%      60.0%      +0.0 points",
        "labels              50         50",
        "confidence by day  ▅█  80.0% to 95.0%, 2026-03-10 to 2026-03-11",
        "drift    1 runs, 1 said drift",
        "         data critical 24h ago: New words.",
        "alerts   0 this week, 0 fire now",
        "MLflow   0 runs this week",
        "source   DOWN: MLflow sleeps",
    ]
