"""Metrics, rules, alerts, queries and figures that pages name are those of the code."""

from __future__ import annotations

import re
import runpy
from contextlib import closing
from typing import Any

from modelmonitor import metrics
from modelmonitor.api.load import load_monitor
from modelmonitor.cli.exit_codes import ExitCode
from modelmonitor.rules import installation_groups, rule_groups
from modelmonitor.store.connection import connect
from tests.docs.pages import BLOCKS, MINIMAL, ROOT, blocks

_LABELS = re.compile(r"\{[^}]*\}")
_METRIC = re.compile(r"\b(?:api|model|modelmonitor|database)_[a-z_]+\b(?!:)")
GUIDE = ROOT / "docs/from-the-guide.md"
# A kind, and methods of the Open Inference Protocol.
NO_ALERTS = {"ModelMonitor", "ModelInfer", "ModelReady"}


def test_every_metric_and_rule_named_beside_the_guide_exists() -> None:
    known = {metric.name for metric in vars(metrics).values() if isinstance(metric, metrics.Metric)}
    known |= {f"{name}{part}" for name in known for part in ("_bucket", "_sum", "_count")}
    code = [block.text for block in blocks(GUIDE) if block.language is None]
    monitor = load_monitor(MINIMAL.read_text(), source=str(MINIMAL))
    recorded = {rule.get("record") for group in rule_groups(monitor) for rule in group["rules"]}

    named = {name for text in code for name in _METRIC.findall(_LABELS.sub("", text))}
    rules = {name for text in code for name in re.findall(r"\bmodelmonitor(?:_class)?:[a-z_0-9:]+", text)}

    assert (named - known, rules - recorded, bool(named), bool(rules)) == (set(), set(), True, True)


def test_every_alert_that_a_page_names_is_raised_by_some_rule() -> None:
    full = ROOT / "manifests/samples/full.yaml"
    text = full.read_text().replace("minRequestsPerSecond", 'minAccuracy: "0.8"\n    minRequestsPerSecond')
    text = re.sub(r"disabled: \[.*\]", "disabled: []", text)
    groups: list[Any] = [*rule_groups(load_monitor(text, source="full")), *installation_groups()]
    raised = {rule.get("alert") for group in groups for rule in group["rules"]}
    code = {block.text for block in BLOCKS if block.language is None}
    named = {text for text in code if re.fullmatch(r"Model[A-Z][A-Za-z]+", text)} - NO_ALERTS

    assert (named - raised, bool(named)) == (set(), True)


QUERIES = [block for block in BLOCKS if block.language == "sql"]


def test_every_query_runs_on_the_current_schema(database_url: str) -> None:
    with closing(connect(database_url, application_name="tests")) as conn, conn.cursor() as cursor:
        for block in QUERIES:
            cursor.execute(block.text)
            assert cursor.description, f"{block} selects nothing"
    assert QUERIES


def test_the_figures_of_the_confidence_query_are_those_of_its_simulation() -> None:
    simulated = runpy.run_path(str(ROOT / "docs/explanation/confidence_query.py"))
    page = (ROOT / "docs/explanation/confidence-query.md").read_text(encoding="utf-8")
    hours = [simulated["hours_until"](bound, healthy_hours=168) for bound in (0.8, 0.7)]

    assert simulated["table"]() in page
    assert all(f"{value:.1f} hours" in page for value in hours)
    assert simulated["hours_until"](0.6, healthy_hours=168) > 21 * 24
    assert simulated["PICTURE"].read_text(encoding="utf-8") == simulated["drawing"]()


def test_every_exit_code_is_documented() -> None:
    page = (ROOT / "docs/how-to/local.md").read_text(encoding="utf-8")
    table = page.partition("| exit code |")[2].partition("\n\n")[0]

    assert [int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)] == sorted(ExitCode)
