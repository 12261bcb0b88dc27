from __future__ import annotations

import pytest

from benchmarks.report import PAGE, SectionMissing, Table, machine_description, replace_section, write_section

BEGIN = "<!-- begin: serving (generated; write notes outside of the markers) -->"
TEXT = f"# Page\n\nA note.\n\n{BEGIN}\nold\n<!-- end: serving -->\n\nAnother note.\n"


def test_only_what_is_between_the_markers_changes():
    once = replace_section(TEXT, "serving", "new")

    assert once == f"# Page\n\nA note.\n\n{BEGIN}\n\nnew\n\n<!-- end: serving -->\n\nAnother note.\n"
    assert replace_section(once, "serving", "new") == once


@pytest.mark.parametrize("text", ["# Page\n", f"{BEGIN}\n", f"<!-- end: serving -->\n{BEGIN}\n"])
def test_a_page_without_the_section_is_refused_with_the_lines_to_add(text):
    with pytest.raises(SectionMissing, match="begin: serving"):
        replace_section(text, "serving", "new")


def test_a_section_says_how_and_where_it_was_measured(tmp_path):
    page = tmp_path / "benchmarks.md"
    page.write_text(TEXT)

    write_section(
        "serving",
        Table(("figure", "measured"), [("a | b", "1")], title="Goals", note="A note."),
        command="make bench-serving",
        machine="2 cores",
        page=page,
    )

    text = page.read_text()
    assert "with `make bench-serving` on 2 cores." in text
    assert "**Goals**\n\n| figure | measured |\n| --- | --- |\n| a \\| b | 1 |\n\nA note.\n" in text
    assert [file.name for file in tmp_path.iterdir()] == ["benchmarks.md"]


def test_a_row_that_does_not_fit_the_columns_is_refused():
    with pytest.raises(ValueError, match="2 columns"):
        Table(("a", "b"), [("1",)])


@pytest.mark.parametrize("name", ["serving", "log", "collector", "drift", "operator"])
def test_the_page_has_a_section_for_every_benchmark(name):
    assert "x" in replace_section(PAGE.read_text("utf-8"), name, "x")


def test_the_machine_is_described_by_what_decides_speed():
    assert machine_description(versions=["torch 1"]).endswith(", torch 1")
    assert "cores of" in machine_description()
