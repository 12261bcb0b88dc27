"""Texts for a reference, from a file into a real database."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from modelmonitor.store.connection import connect
from modelmonitor.store.datasets import find_dataset, load_dataset


@pytest.fixture
def reviews(tmp_path):
    path = tmp_path / "reviews.csv"
    path.write_text("text,label\nA fine film.,POSITIVE\nDull.,NEGATIVE\nIt exists.,\n")
    return path


def stored(database_url):
    with closing(connect(database_url, application_name="tests")) as conn:
        head = find_dataset(conn, "reviews")
        return None if head is None else (head.version, load_dataset(conn, head))


def test_texts_are_imported_once_and_other_texts_as_the_next_version(cli, database_url, reviews):
    first = cli("reference", "import", "reviews", str(reviews), MM_DATABASE_URL=database_url)
    again = cli("reference", "import", "reviews", str(reviews), MM_DATABASE_URL=database_url)
    assert (first.code, first.out) == (0, "reviews version 1: 3 texts, 2 of them labelled\n")
    assert again.out == first.out
    assert stored(database_url) == (
        1,
        (("A fine film.", "POSITIVE"), ("Dull.", "NEGATIVE"), ("It exists.", None)),
    )
    reviews.write_text("text\nAnother one.\n")
    third = cli("reference", "import", "reviews", str(reviews), MM_DATABASE_URL=database_url)
    assert third.out == "reviews version 2: 1 texts, 0 of them labelled\n"


def test_a_file_can_be_checked_without_a_database(cli, reviews):
    finished = cli("reference", "import", "reviews", str(reviews), "--dry-run")
    assert (finished.code, finished.out) == (0, "3 texts can be imported\n")


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("Reviews!", "text\nA film.\n", "is no name of a data set"),
        ("reviews", "words\nA film.\n", "line 2 has no text"),
        ("reviews", "text\n", "has no rows"),
    ],
)
def test_what_cannot_be_imported_is_told_and_nothing_is_written(
    cli, database_url, tmp_path, name, content, sentence
):
    path = tmp_path / "reviews.csv"
    path.write_text(content)
    finished = cli("reference", "import", name, str(path), MM_DATABASE_URL=database_url)
    assert finished.code == 2
    assert sentence in finished.err
    assert stored(database_url) is None


def test_imported_texts_are_listed_beside_references(cli, database_url, reviews):
    cli("reference", "import", "reviews", str(reviews), MM_DATABASE_URL=database_url)
    finished = cli("reference", "list", "-o", "json", MM_DATABASE_URL=database_url)
    (item,) = json.loads(finished.out)["items"]
    assert (item["name"], item["version"], item["rows"], item["origin"]) == (
        "reviews",
        1,
        3,
        "imported texts",
    )


def test_no_reference_is_said_and_not_an_empty_table(cli, database_url):
    finished = cli("reference", "list", MM_DATABASE_URL=database_url)
    assert (finished.code, finished.out) == (0, "")
    assert "no reference yet" in finished.err
