"""New patterns and the drifted part over several runs, on real PostgreSQL."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import numpy as np
import pytest

from modelmonitor.job.run import Options, run
from modelmonitor.store.connection import connect

DAY = timedelta(days=1)
TOPIC = ["parcel", "broken", "refund"]


@pytest.fixture
def log_days(world, database_url):
    """Logs n days of reviews, the last of which is the present; of each 50 are about broken parcels."""

    def log(days, *, planted=50):
        world.reference(database_url, world.draw(1200, seed=1))
        for day in range(days):
            end = world.NOW - day * DAY
            world.log(database_url, world.draw(800 - planted, seed=10 + day, labelled=False, end=end))
            topic = world.draw(planted, seed=50 + day, labelled=False, end=end, vocabulary=TOPIC, shift=1.5)
            world.log(database_url, topic)

    return log


@pytest.fixture
def judge(world, database_url):
    def judged(day=0, *, privacy="store"):
        options = Options(now=world.NOW - day * DAY)
        return run(world.plan(privacy), database_url=database_url, options=options).report

    return judged


def stored(database_url):
    with closing(connect(database_url, application_name="tests")) as conn, conn.cursor() as cursor:
        cursor.execute("SELECT windows, size FROM new_patterns ORDER BY window_end")
        return cursor.fetchall()


def test_a_pattern_of_two_days_is_an_event_that_speaks_for_training(log_days, judge, world, database_url):
    log_days(2)
    (first,) = judge(day=1).novelty.patterns
    assert {word.word for word in first.words} >= set(TOPIC)
    assert (first.windows, first.established, first.first_seen) == (1, False, world.NOW - 2 * DAY)
    report = judge()
    (again,) = report.novelty.patterns
    assert (again.windows, again.established, again.first_seen) == (2, True, world.NOW - 2 * DAY)
    assert again.growth == pytest.approx(1.0, abs=0.2)
    assert again.share == pytest.approx(50 / 800, abs=0.01)
    assert len(again.examples) == 3
    assert "new-patterns" in {reason.trigger for reason in report.retrain}
    assert [windows for windows, _ in stored(database_url)] == [1, 2]
    assert any("A new pattern: " in line for line in _changed(report))


def _changed(report):
    from modelmonitor.report.answers import answers

    return answers(report).changed


def test_a_run_made_again_sees_its_pattern_for_the_first_time_again(log_days, judge, database_url):
    log_days(1)
    assert [judge().novelty.patterns[0].windows for _ in range(2)] == [1, 1]
    assert [windows for windows, _ in stored(database_url)] == [1, 1]


def test_without_a_new_topic_there_is_no_pattern(log_days, judge, database_url):
    log_days(1, planted=1)
    report = judge()
    assert report.novelty.patterns == ()
    assert report.drifted_part.low < 0.03
    assert stored(database_url) == []


@pytest.mark.parametrize("privacy", ["hash", "drop"])
def test_private_texts_give_neither_words_nor_examples_but_the_pattern(log_days, judge, privacy):
    log_days(1)
    report = judge(privacy=privacy)
    (found,) = report.novelty.patterns
    assert (found.words, found.examples, found.title) == ((), (), found.name)
    assert found.name.startswith("e:")
    assert not set(TOPIC) & set(report.model_dump_json().replace('"', " ").split())


def test_the_drifted_part_is_measured_and_labels_tell_that_it_hurts(world, database_url, judge):
    world.reference(database_url, world.draw(1000, seed=1))
    calm, strange = world.draw(500, seed=2, accuracy=0.9), world.tweets(300, labelled=True, accuracy=0.5)
    for sample in (calm, strange):
        world.log(database_url, sample)
        with closing(connect(database_url, application_name="tests")) as conn, conn, conn.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO feedback (prediction_id, label, labelled_at, source) "
                "VALUES (%s, %s, now(), 'test')",
                [
                    (identity, sample.classes[label])
                    for identity, label in zip(sample.prediction_ids, sample.labels, strict=True)
                ],
            )
    part = judge().drifted_part
    assert 0.2 < part.low <= 300 / 800
    assert part.precision > 0.7
    assert part.harm == "yes"
    assert part.inside.rows + part.rest.rows == 800
    assert np.isclose(part.inside.accuracy, 0.55, atol=0.1)
