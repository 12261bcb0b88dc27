"""The six questions of the first screen, for each kind of verdict."""

from __future__ import annotations

from datetime import timedelta

from modelmonitor.report.answers import Answers, answers, headline


def test_drift_with_labels_is_answered_in_full(drifted):
    assert answers(drifted) == Answers(
        verdict="Critical: data and performance drift",
        changed=(
            (
                "The inputs changed: embedding by 0.31 (critical from 0.2), text by 0.44 (critical from "
                "0.2), embedding of channel=app by 0.31 (critical from 0.2)."
            ),
            "The model is less sure of its answers: confidence by 0.14 (warning from 0.1).",
            "channel=app makes 93.0% of the difference.",
            "More of: “lol”, “today”, “شكرا”.",
            "Less of: “movie”, “film”.",
            "A new pattern: refund, <i>parcel</i> (3.2% of the predictions, in 2 windows).",
        ),
        since=(
            "First seen in this run, whose window is 2026-11-22 02:07 to 2026-11-23 02:07 UTC. The same "
            "drift was first seen on 2026-10-04; this is its episode 2."
        ),
        sure=(
            "p < 0.0001 where at most 0.0028 counts as drift, from 2,000 of 4,812 predictions against 2,000 "
            "reference rows. Levels are set so that all checks together raise at most 1 false alarm in 30d."
        ),
        hurts=(
            "Measured accuracy is 68.2% (66.0% to 70.0%) on 1,800 labelled predictions (37.4% of the "
            "window, which came 36h late (median)). The estimate without "
            "labels was 63.0% to 78.0%; the reference had 86.8%. "
            "Of the drifted part: accuracy there 60.0% by 940 labels, 85.0% elsewhere."
        ),
        action=(
            "Train the model again: The same drift of check data came 2 times.",
            "Investigate the source of the data; consider retraining on it.",
            "Retrain or replace the model; until then treat its answers with care.",
        ),
    )


def test_drift_that_lasts_names_its_beginning(drifted):
    began = drifted.finished_at - timedelta(days=2)
    report = drifted.model_copy(update={"drifting_since": began})
    assert answers(report).since == (
        "Reported without a break since 2026-11-21 02:07 UTC. The same drift was first seen on 2026-10-04; "
        "this is its episode 2."
    )


def test_concept_drift_is_only_suspected(drifted):
    concept = drifted.checks[1].model_copy(update={"verdict": drifted.checks[0].verdict})
    report = drifted.model_copy(update={"checks": (concept,)})
    assert headline(report) == "Critical: suspected concept drift"


def test_without_drift_there_is_nothing_to_do_unless_the_estimate_fell(quiet):
    calm = quiet.model_copy(update={"estimate": None})
    assert answers(calm).verdict == "No drift"
    assert answers(calm).action == ("Nothing. The next run comes as scheduled.",)
    assert answers(calm).hurts == "Not known: accuracy can be estimated once the reference has labels."
    assert answers(quiet).action == (
        "Label some recent predictions: no test drifted, but the estimated accuracy is low.",
    )


def test_an_inconclusive_run_says_what_it_lacks_and_never_that_all_is_well(inconclusive):
    told = answers(inconclusive)
    assert told.verdict == "Inconclusive"
    assert told.changed == tuple(
        f"{name}: The window has 3 rows of the 200 needed." for name in ("data", "concept", "performance")
    )
    assert told.sure == "No test could run, so nothing is known in either direction."
