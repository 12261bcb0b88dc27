"""Past runs, alerts and labels, on a real database."""

from __future__ import annotations

import json
from contextlib import closing
from uuid import UUID

import pytest

from modelmonitor.store.connection import connect


def lines(finished):
    return [line.rstrip() for line in finished.out.splitlines()]


def test_past_runs_are_one_line_a_check_the_latest_first(cli, filled):
    finished = cli("drift", "list", MM_DATABASE_URL=filled)

    assert (finished.code, lines(finished)) == (
        0,
        [
            "RUN    CHECK  VERDICT         P      EFFECT  ROWS   RAN",
            "run-2  data   Drift critical  0.001  0.4     1,500  3h ago",
            "run-1  data   NoDrift         0.4    0.01    1,500  24h ago",
        ],
    )


def test_only_runs_that_drifted_can_be_asked_for(cli, filled):
    finished = cli("drift", "list", "--drifted", "-o", "json", MM_DATABASE_URL=filled)

    assert [each["run"] for each in json.loads(finished.out)["items"]] == ["run-2"]


def test_a_run_is_shown_with_every_test_and_its_report(cli, filled):
    finished = cli("drift", "show", "run-2", MM_DATABASE_URL=filled)

    assert finished.code == 0
    assert "data: Drift critical. The input looks different." in finished.out
    assert "report reports/run-2.html" in finished.out
    assert any(line.startswith("data   ks        length") for line in lines(finished))


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["drift", "show", "absent"], 5, "there is no run absent: `modelmonitor drift list` shows"),
        (["drift", "show", "run"], 2, "several runs begin with 'run': run-2, run-1"),
        (["drift", "list", "--since", "soon"], 2, "--since: 'soon' is not a duration"),
        (["drift", "list", "-o", "xml"], 2, "'xml' is not an output format: choose table, wide"),
        (["alerts", "--severity", "loud"], 2, "--severity 'loud' is none: choose critical or warning"),
    ],
)
def test_a_wrong_question_gets_a_sentence_and_its_exit_code(cli, filled, arguments, code, sentence):
    finished = cli(*arguments, MM_DATABASE_URL=filled)

    assert (finished.code, finished.out) == (code, "")
    assert sentence in finished.err


def test_alerts_that_fire_are_listed_and_older_ones_when_asked(cli, filled):
    now, both = (cli("alerts", *more, MM_DATABASE_URL=filled) for more in ((), ("--since", "7d")))

    assert lines(now) == [
        "ALERT               SEVERITY  MONITOR    CHECK  BEGAN   ENDED",
        "ModelDriftDetected  critical  sentiment  data   3h ago  fires",
    ]
    assert lines(both)[1:] == [
        "ModelDriftDetected  critical  sentiment  data   3h ago  fires",
        "ModelDriftDetected  warning   sentiment  data   2d ago  24h ago",
    ]


CSV = (
    f"prediction_id,label,labelled_at\n{UUID(int=1)},POSITIVE,2026-01-02T03:04:05Z\n{UUID(int=2)},NEGATIVE,\n"
)


def test_labels_are_imported_once_however_often_the_file_is(cli, filled):
    said = [cli("feedback", "import", "-", stdin=CSV, MM_DATABASE_URL=filled).out for _ in range(2)]

    with closing(connect(filled, application_name="tests")) as conn, conn.cursor() as cursor:
        cursor.execute("SELECT prediction_id::text, label, source FROM feedback ORDER BY 1")
        stored = cursor.fetchall()
    assert said[0] == "2 labels read, 2 of them new\n"
    assert stored == [(str(UUID(int=1)), "POSITIVE", "import -"), (str(UUID(int=2)), "NEGATIVE", "import -")]


def test_one_wrong_line_stops_the_import_before_anything_is_written(cli, filled):
    finished = cli("feedback", "import", "-", stdin=CSV + "no-uuid,POSITIVE,\n", MM_DATABASE_URL=filled)

    with closing(connect(filled, application_name="tests")) as conn, conn.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM feedback")
        stored = cursor.fetchone()
    assert (finished.code, stored) == (2, (0,))
    assert "line 4: prediction_id is not a UUID" in finished.err
