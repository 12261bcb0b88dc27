"""Labels on their way through a real collector, with and without a token."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.collector.conftest import query, start

__all__ = ["query", "start"]
CSV = f"""prediction_id,label,labelled_at
{UUID(int=1)},POSITIVE,2026-01-02T03:04:05Z
{UUID(int=2)},NEGATIVE,
"""
LABELS = "SELECT prediction_id::text, label, source FROM feedback ORDER BY 1"


def test_labels_reach_the_table_through_the_collector_however_often(cli, start, database_url, query):
    collector = start(database_url=database_url)

    said = [cli("feedback", "import", "-", "--collector", collector.url, stdin=CSV) for _ in range(2)]

    assert [(each.code, each.out) for each in said] == [(0, "2 labels read, the collector took 2\n")] * 2
    assert query(LABELS, count=2) == [
        (str(UUID(int=1)), "POSITIVE", "import -"),
        (str(UUID(int=2)), "NEGATIVE", "import -"),
    ]


def test_the_token_comes_from_the_environment(cli, start, database_url, query, tmp_path):
    (tmp_path / "tokens").write_text("secret-token-of-a-test\n")
    collector = start(database_url=database_url, token_file=tmp_path / "tokens", anonymous="false")
    arguments = ("feedback", "import", "-", "--collector", collector.url)

    without = cli(*arguments, stdin=CSV)
    with_token = cli(*arguments, stdin=CSV, MM_COLLECTOR_TOKEN="secret-token-of-a-test")

    assert (without.code, without.out) == (3, "")
    assert "answers 401" in without.err
    assert "0 of 2 labels were taken" in without.err
    assert (with_token.code, len(query(LABELS, count=2))) == (0, 2)


@pytest.mark.parametrize(
    ("address", "code", "sentence"),
    [
        ("127.0.0.1:9", 2, "is not a URL: write http://host:port"),
        ("http://127.0.0.1:9", 3, "0 of 2 labels were taken: mend it and send all again"),
    ],
)
def test_a_wrong_address_is_a_sentence(cli, address, code, sentence):
    finished = cli("feedback", "import", "-", stdin=CSV, MM_COLLECTOR_URL=address)

    assert (finished.code, finished.out) == (code, "")
    assert sentence in finished.err


def test_more_labels_than_one_request_takes_are_sent_in_several(cli, start, database_url):
    collector = start(database_url=database_url)
    rows = [f"{UUID(int=number + 1)},POSITIVE" for number in range(25_000)]
    body = "\n".join(["prediction_id,label", *rows])

    finished = cli("feedback", "import", "-", "--collector", collector.url, stdin=body)

    assert (finished.code, finished.out) == (0, "25000 labels read, the collector took 25000\n")
