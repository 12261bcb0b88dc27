"""Reference pages say what the code says."""

from __future__ import annotations

import runpy

from modelmonitor.rules.groups import alert_names
from tests.docs.pages import ROOT


def test_the_page_of_the_database_is_that_of_the_current_schema(database_url: str) -> None:
    made = runpy.run_path(str(ROOT / "docs/generate_database.py"))

    assert made["PAGE"].read_text(encoding="utf-8") == made["database_page"](database_url), (
        "run `make generate`"
    )


def test_the_other_generated_pages_are_those_of_the_code() -> None:
    made = runpy.run_path(str(ROOT / "docs/generate.py"))

    for page, text in made["pages"]().items():
        assert page.read_text(encoding="utf-8") == text, f"{page.name}: run `make generate`"


def test_every_alert_of_the_page_has_its_runbook() -> None:
    page = (ROOT / "docs/reference/alerts.md").read_text(encoding="utf-8")

    for name in alert_names():
        assert f"[{name}](../runbooks/{name}.md)" in page
        assert (ROOT / f"docs/runbooks/{name}.md").exists()
