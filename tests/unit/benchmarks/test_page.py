from __future__ import annotations

import json
from dataclasses import asdict

from benchmarks.serving.acceleration import accuracy, table_in
from benchmarks.serving.outcome import (
    Detail,
    Figure,
    Outcome,
    at_least,
    at_most,
    read_outcomes,
    write_outcomes,
)
from benchmarks.serving.page import summary, tables

OUTCOMES = {
    "throughput": Outcome(
        [at_least("ratio", 0.9, goal=0.92, text="0.90 [0.89 to 0.91]")],
        [Detail("Throughput", ["a"], [["1"]], "How.")],
        {"rates": [1.0]},
        conditions={"command": "c", "machine": "m", "measured_at": "t", "seconds": "3"},
    ),
    "health": Outcome([at_most("p99", 20.0, goal=20, text="20 ms"), Figure("peer", "", "no")]),
    "soak": Outcome([], failed="ValueError: run longer"),
}


def test_outcomes_survive_the_file(tmp_path):
    file = tmp_path / "results" / "serving.json"

    write_outcomes(file, OUTCOMES)

    assert json.loads(file.read_text()).keys() == OUTCOMES.keys()
    again = read_outcomes(file)
    assert tables(again) == tables(OUTCOMES)
    assert {name: asdict(outcome) for name, outcome in again.items()} == json.loads(file.read_text())
    assert read_outcomes(tmp_path / "absent.json") == {}


def test_a_missed_goal_and_a_failed_row_are_said():
    assert summary(OUTCOMES).splitlines() == [
        "    no  ratio: 0.90 [0.89 to 0.91] (goal ≥ 0.92)",
        "   yes  p99: 20 ms (goal ≤ 20 ms)",
        "     -  peer: no",
        "FAILED  soak: ValueError: run longer",
    ]


def test_the_page_has_goals_details_and_how_each_row_was_measured():
    goals, detail, conditions = tables(OUTCOMES)

    assert goals.rows == [
        ["ratio", "≥ 0.92", "0.90 [0.89 to 0.91]", "no"],
        ["p99", "≤ 20 ms", "20 ms", "yes"],
        ["peer", "", "no", "-"],
    ]
    assert detail.markdown() == "**Throughput**\n\n| a |\n| --- |\n| 1 |\n\nHow."
    assert conditions.rows[0] == ["throughput", "t", "`c`", "3", ""]
    assert conditions.rows[2] == ["soak", "", "``", "", "ValueError: run longer"]


def test_a_table_that_another_benchmark_prints_is_read_back():
    printed = tables(OUTCOMES)[1].markdown()

    assert table_in(f"loading\n{printed}\n").rows == [["1"]]
    assert accuracy(["a", "b", "a", "a"], ["a", "b", "b", "b"]) == 50.0
