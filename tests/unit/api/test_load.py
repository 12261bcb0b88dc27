"""Every mistake in a file is told in one sentence with its line and its fix."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelmonitor.api.load import InvalidMonitor, load_monitor
from modelmonitor.api.problems import Problem

HEAD = "apiVersion: modelmonitor.io/v1alpha1\nkind: ModelMonitor\nmetadata: {name: sentiment}\n"
MINIMAL = HEAD + "spec:\n  target: {inferenceService: sentiment}\n  reference: {dataset: movie-reviews}\n"


def problems_of(text: str) -> tuple[Problem, ...]:
    with pytest.raises(InvalidMonitor) as caught:
        load_monitor(text, source="monitor.yaml")
    return caught.value.problems


def test_the_three_line_spec_is_complete() -> None:
    monitor = load_monitor(MINIMAL, source="monitor.yaml")
    assert [(check.name, check.chosen_detector.name) for check in monitor.spec.checks] == [
        ("data", "mmd"),
        ("concept", "chi-square"),
        ("performance", "ks"),
    ]
    assert monitor.model_name == "sentiment"


def test_json_is_read_too() -> None:
    text = load_monitor(MINIMAL, source="monitor.yaml").model_dump_json(by_alias=True, exclude_none=True)
    assert load_monitor(text, source="monitor.json") == load_monitor(MINIMAL, source="monitor.yaml")


def test_empty_documents_around_the_monitor_are_passed_over() -> None:
    assert load_monitor(f"---\n---\n{MINIMAL}---\n", source="m") == load_monitor(MINIMAL, source="m")


def test_the_sentence_begins_with_file_and_line() -> None:
    with pytest.raises(InvalidMonitor) as caught:
        load_monitor(MINIMAL + "  retension: 30d\n", source="monitor.yaml")
    assert str(caught.value) == "monitor.yaml, line 7: spec.retension is not a field; did you mean retention?"


def test_all_mistakes_are_told_in_the_order_of_the_text() -> None:
    text = HEAD + (
        "spec:\n"
        "  target: {inferencService: sentiment}\n"
        "  checks:\n"
        "  - name: data\n"
        "    type: dat\n"
        "    windw: {lookback: 24h}\n"
        "  suspend: 'true'\n"
    )
    assert problems_of(text) == (
        Problem(4, 1, "spec.reference", "spec.reference is missing; add reference under spec"),
        Problem(
            5,
            12,
            "spec.target.inferencService",
            "spec.target.inferencService is not a field; did you mean inferenceService?",
        ),
        Problem(
            8,
            5,
            "spec.checks[0].type",
            "spec.checks[0].type 'dat' is not one of 'data', 'concept', 'performance'; did you mean data?",
        ),
        Problem(9, 5, "spec.checks[0].windw", "spec.checks[0].windw is not a field; did you mean window?"),
        Problem(10, 3, "spec.suspend", "spec.suspend must be true or false, without quotes"),
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "line 1: the text is empty; begin with apiVersion: modelmonitor.io/v1alpha1"),
        (
            "- a\n",
            "line 1: the text must be a mapping of fields; begin with apiVersion: modelmonitor.io/v1alpha1",
        ),
        ("kind: Pod\n", "line 1: kind must be ModelMonitor; write kind: ModelMonitor"),
        (
            MINIMAL + "---\n" + MINIMAL,
            "line 8: a second document begins here; keep one ModelMonitor in a file",
        ),
        (
            HEAD + "spec:\n\ttarget: x\n",
            (
                r"line 5: this is not YAML: found character '\t' that cannot start any token; "
                "indent with spaces instead of tabs"
            ),
        ),
        (
            HEAD + "spec:\n  target: a: b\n",
            (
                "line 5: this is not YAML: mapping values are not allowed here; "
                "check the indentation, and put text that holds ': ' in quotes"
            ),
        ),
        ("a: [1, 2\n", "line 2: this is not YAML: expected ',' or ']', but got '<stream end>'; "),
        ("a: \x00\n", "line 1: this is not YAML: "),
        ("[" * 5000, "line 1: the text is nested deeper than 50 levels; no field is"),
        (MINIMAL + "  suspend:\n", "line 7: spec.suspend is empty; give it a value or remove the line"),
        (
            MINIMAL + "  suspend: true\n  suspend: true\n",
            "line 8: spec.suspend is there twice; keep one of them",
        ),
        (
            MINIMAL + "  report: &a {keep: 3}\n  job: *a\n",
            "line 8: spec.job is an alias (*); write the value out",
        ),
        ("? [a]\n: b\n", "line 1: the text has a key that is no name; write name: value"),
        (
            MINIMAL + "  retention: 90\n",
            (
                "line 7: spec.retention: a duration is a whole number above 0 and one of s, m, h, d, w, "
                "such as '24h' or '30d'"
            ),
        ),
        (
            MINIMAL + "  inferenceService: a\n",
            "line 7: spec.inferenceService is not a field; did you mean inferenceService under spec.target?",
        ),
        (
            MINIMAL + "  privacy: {mask: true}\n",
            "line 7: spec.privacy.mask is not a field; the fields under spec.privacy are input",
        ),
        (
            MINIMAL + "  false_alarms: {max: 2}\n",
            "line 7: spec.false_alarms is not a field; did you mean falseAlarms?",
        ),
        (
            HEAD.replace("sentiment", "7") + "spec: {}\n",
            "line 3: metadata.name: metadata.name of a monitor has",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line_and_its_fix(text: str, sentence: str) -> None:
    assert sentence in "\n".join(str(problem) for problem in problems_of(text))


YAML_LIKE = st.text(st.sampled_from("abc: -[]{}#&*!|>'\"%@`\n\t\\x0019.~?,é\U0001f600"), max_size=60)


@settings(deadline=None)
@given(st.one_of(st.text(max_size=60), YAML_LIKE, YAML_LIKE.map(lambda text: HEAD + "spec:\n  " + text)))
def test_no_text_whatever_raises_anything_else(text: str) -> None:
    assert all("\n" not in str(problem) for problem in problems_of(text))
