"""The prediction log against a real PostgreSQL: what arrives, what is set aside, and what it tells."""

from __future__ import annotations

import base64
import json
import struct
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from modelmonitor.store.connection import connect
from modelmonitor.store.copyformat import PREDICTION_COLUMNS, prediction_tuple, text_field
from modelmonitor.store.errors import LogNotOpen, SpoolFull, SpoolInUse
from modelmonitor.store.log import LogSettings, PredictionLog
from modelmonitor.store.records import Prediction
from modelmonitor.store.segment import encode_records
from modelmonitor.store.spool import Spool

Make = Callable[..., Prediction]
NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


class Tally:
    """Counts what the log tells."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.up: list[bool] = []
        self.pending = -1

    def spooled(self, pending_bytes: int) -> None:
        self.pending = pending_bytes

    def written(self, rows: int) -> None:
        self.counts["written"] += rows

    def dropped(self, rows: int, reason: str) -> None:
        self.counts[f"dropped {reason}"] += rows

    def discarded(self, rows: int) -> None:
        self.counts["discarded"] += rows

    def repaired(self, rows: int) -> None:
        self.counts["repaired"] += rows

    def database_up(self, *, up: bool) -> None:
        self.up.append(up)

    def statement(self, operation: str, table: str) -> None:
        self.counts[f"{operation} {table}"] += 1


def run(settings: LogSettings, *appends: list[Prediction], tally: Tally | None = None) -> Tally:
    tally = tally or Tally()
    log = PredictionLog(settings, on_event=tally)
    log.start()
    for rows in appends:
        log.append(rows)
    assert log.flush(timeout_s=30)
    log.close(timeout_s=5)
    return tally


def query(database_url: str, statement: str) -> list[tuple[Any, ...]]:
    with closing(connect(database_url, application_name="tests")) as conn, conn, conn.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def texts(database_url: str) -> list[str]:
    return [
        row[0] for row in query(database_url, "SELECT input_text FROM prediction_logs ORDER BY input_text")
    ]


def test_every_field_arrives_as_it_was_given(
    database_url: str, tmp_path: Path, make_prediction: Make
) -> None:
    full = make_prediction(
        input_text="naïve 🎬\n",
        probabilities=(0.125, 0.375, 0.5),
        segment={"country": "de", "näme": "“x”"},
        predicted_at=datetime(2026, 3, 4, 12, 30, 0, 123456, tzinfo=UTC),
    )
    bare = make_prediction(input_text=None, embedding=None, probabilities=(), confidence_score=float("nan"))
    run(LogSettings(tmp_path, database_url), [full, bare])
    columns = ", ".join(PREDICTION_COLUMNS).replace("prediction_id", "prediction_id::text")
    first, second = query(database_url, f"SELECT {columns} FROM prediction_logs ORDER BY input_text")
    assert (*first[:10], bytes(first[10]), *first[11:]) == (
        str(full.prediction_id),
        full.predicted_at,
        "sentiment",
        "sentiment",
        "3",
        "predict",
        "POSITIVE",
        "naïve 🎬\n",
        0.75,
        [0.125, 0.375, 0.5],
        bytes.fromhex("003c0040"),
        4.5,
        {"country": "de", "näme": "“x”"},
    )
    assert second[0] == str(bare.prediction_id)
    assert str(second[8]) == "nan"
    assert (second[7], second[9], second[10], second[12]) == (None, [], None, {})


def wait_for(state: Callable[[], bool], *, within_s: float = 30) -> None:
    end = time.monotonic() + within_s
    while not state():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_the_log_tells_what_it_did(database_url: str, tmp_path: Path, make_prediction: Make) -> None:
    tally = run(LogSettings(tmp_path, database_url), [make_prediction() for _ in range(3)])
    assert tally.counts == {"written": 3, "create prediction_logs": 1, "copy prediction_logs": 1}
    assert tally.pending == 0
    assert set(tally.up) == {True}


def test_the_same_prediction_twice_is_one_row(
    database_url: str, tmp_path: Path, make_prediction: Make
) -> None:
    once, twice = make_prediction(input_text="once"), make_prediction(input_text="twice")
    tally = run(LogSettings(tmp_path, database_url), [twice, once, twice], [twice])
    assert texts(database_url) == ["once", "twice"]
    assert tally.counts["written"] == 2
    assert run(LogSettings(tmp_path, database_url), [once]).counts["written"] == 0


@pytest.mark.parametrize("logger_first", [True, False])
def test_what_a_predictor_logs_of_itself_counts_once_beside_what_a_logger_saw_of_it(
    database_url: str, tmp_path: Path, make_prediction: Make, *, logger_first: bool
) -> None:
    own = make_prediction(input_text="whole", source="v1")
    seen = replace(own, input_text="seen", source="cloudevent", embedding=None)
    other = make_prediction(input_text="another", source="cloudevent")
    order = ([seen, other], [own]) if logger_first else ([own], [seen, other])
    for rows in order:
        run(LogSettings(tmp_path, database_url), rows)

    assert query(database_url, "SELECT input_text, source FROM prediction_logs ORDER BY 1") == [
        ("another", "cloudevent"),
        ("whole", "v1"),
    ]


def test_an_unknown_confidence_is_stored_as_none(
    database_url: str, tmp_path: Path, make_prediction: Make
) -> None:
    run(LogSettings(tmp_path, database_url), [make_prediction(confidence_score=None)])
    assert query(database_url, "SELECT confidence_score FROM prediction_logs") == [(None,)]


def test_text_that_postgresql_cannot_hold_is_repaired_and_counted(
    database_url: str, tmp_path: Path, make_prediction: Make
) -> None:
    rows = [
        make_prediction(input_text="a\x00b\ud800c"),
        make_prediction(input_text="fine", segment={"k\x00": "\udfff"}),
        make_prediction(input_text="z" * 1_000_000),
    ]
    tally = run(LogSettings(tmp_path, database_url), rows)
    assert texts(database_url) == ["a\ufffdb\ufffdc", "fine", "z" * 1_000_000]
    assert query(database_url, "SELECT segment FROM prediction_logs WHERE input_text = 'fine'") == [
        ({"k\ufffd": "\ufffd"},)
    ]
    assert tally.counts["repaired"] == 2


def test_a_row_that_the_database_refuses_is_kept_aside_and_its_neighbours_are_stored(
    database_url: str, tmp_path: Path, make_prediction: Make, caplog: pytest.LogCaptureFixture
) -> None:
    query(database_url, "ALTER TABLE prediction_logs ADD CHECK (input_text <> 'poison')")
    rows = [
        make_prediction(input_text="poison" if number in (7, 40) else f"{number:03d}")
        for number in range(100)
    ]
    tally = run(LogSettings(tmp_path, database_url), rows)
    assert texts(database_url) == [row.input_text for row in rows if row.input_text != "poison"]
    assert (tally.counts["written"], tally.counts["dropped refused_by_database"]) == (98, 2)
    letters = [json.loads(line) for line in (tmp_path / "dead-letter.jsonl").read_text().splitlines()]
    assert [b"poison" in base64.b64decode(letter["row"]) for letter in letters] == [True, True]
    assert letters[0]["columns"] == list(PREDICTION_COLUMNS)
    assert letters[0]["reason"].endswith("refuses a row for its content: CHECK_VIOLATION (23514).")
    assert "poison" not in caplog.text
    assert (tmp_path / "dead-letter.jsonl").stat().st_mode & 0o777 == 0o600


def test_broken_utf8_and_broken_tuples_are_kept_aside_too(
    database_url: str, tmp_path: Path, make_prediction: Make
) -> None:
    good = prediction_tuple(make_prediction(input_text="good"))
    spool = Spool(
        tmp_path, columns=PREDICTION_COLUMNS, segment_bytes=10**6, max_bytes=10**7, clock=lambda: 0.0
    )
    spool.open()
    spool.append(encode_records([good.replace(b"good", b"go\xff\xfe"), good, b"\x00\x0d garbage", good[:-4]]))
    spool.close()
    tally = run(LogSettings(tmp_path, database_url))
    assert texts(database_url) == ["good"]
    assert tally.counts["dropped refused_by_database"] == 3


def test_a_record_damaged_on_disk_is_kept_aside_and_its_neighbours_are_stored(
    database_url: str, tmp_path: Path, make_prediction: Make
) -> None:
    run_without_database = PredictionLog(LogSettings(tmp_path, ""))
    run_without_database.start()
    run_without_database.append([make_prediction(input_text=text) for text in ("first", "second", "third")])
    run_without_database.close(timeout_s=0)
    (segment,) = tmp_path.glob("*.spool")
    segment.write_bytes(segment.read_bytes().replace(b"second", b"sec0nd"))
    tally = run(LogSettings(tmp_path, database_url))
    assert texts(database_url) == ["first", "third"]
    assert tally.counts["dropped corrupt_on_disk"] == 1
    assert "damaged on disk" in (tmp_path / "dead-letter.jsonl").read_text()


def test_appending_works_while_the_database_is_down_and_says_so(
    tmp_path: Path, make_prediction: Make, caplog: pytest.LogCaptureFixture
) -> None:
    tally = Tally()
    log = PredictionLog(LogSettings(tmp_path, NOWHERE, linger_s=0), on_event=tally)
    log.start()
    log.append([make_prediction()])
    assert log.flush(timeout_s=0.5) is False
    log.close(timeout_s=0)
    assert set(tally.up) == {False}
    assert tally.pending > 0
    assert (
        "Cannot connect to PostgreSQL at nobody@127.0.0.1:1/none: Connection refused; check that it runs"
        in caplog.text
    )


def test_a_database_without_schema_is_waited_for(
    postgres, tmp_path: Path, make_prediction: Make, caplog: pytest.LogCaptureFixture
) -> None:
    from modelmonitor.store.schema import migrate

    empty = postgres.create_database("empty_until_migrated")
    log = PredictionLog(LogSettings(tmp_path, empty, retry_max_s=0.1))
    log.start()
    log.append([make_prediction(input_text="patient")])
    assert log.flush(timeout_s=1) is False
    assert "has no table prediction_logs: apply the migrations first." in caplog.text
    migrate(empty)
    assert log.flush(timeout_s=30)
    log.close(timeout_s=5)
    assert texts(empty) == ["patient"]


def test_a_log_without_rows_tells_whether_they_could_be_stored(postgres, tmp_path: Path) -> None:
    from modelmonitor.store.schema import migrate

    empty, tally = postgres.create_database("empty_and_idle"), Tally()
    log = PredictionLog(LogSettings(tmp_path, empty, retry_max_s=0.1), on_event=tally)
    log.start()
    wait_for(lambda: tally.up[:2] == [False, False])
    migrate(empty)
    wait_for(lambda: tally.up[-1])
    log.close(timeout_s=5)
    assert tally.up.count(True) == 1


def test_rows_of_any_day_find_a_place(database_url: str, tmp_path: Path, make_prediction: Make) -> None:
    days = [datetime(1970, 1, 1, tzinfo=UTC), datetime.now(UTC), datetime(2999, 12, 31, tzinfo=UTC)]
    run(LogSettings(tmp_path, database_url), [make_prediction(predicted_at=day) for day in days])
    assert query(database_url, "SELECT count(*) FROM prediction_logs") == [(3,)]


def test_a_full_spool_is_counted(tmp_path: Path, make_prediction: Make) -> None:
    tally = Tally()
    log = PredictionLog(LogSettings(tmp_path, "", segment_bytes=1000, max_bytes=4000), on_event=tally)
    log.start()
    with pytest.raises(SpoolFull):
        log.append([make_prediction() for _ in range(100)])
    log.append([make_prediction()])
    log.close(timeout_s=0)
    assert tally.counts == {"dropped spool_full": 100}


def test_a_second_log_on_the_same_directory_is_refused(tmp_path: Path) -> None:
    first = PredictionLog(LogSettings(tmp_path, ""))
    first.start()
    with pytest.raises(SpoolInUse, match=r"in use by process \d+: stop it"):
        PredictionLog(LogSettings(tmp_path, "")).start()
    first.close(timeout_s=0)


def test_a_log_that_was_closed_refuses_rows(tmp_path: Path, make_prediction: Make) -> None:
    log = PredictionLog(LogSettings(tmp_path, ""))
    log.start()
    log.close(timeout_s=0)
    with pytest.raises(LogNotOpen):
        log.append([make_prediction()])


def test_with_no_fsync_interval_each_append_waits_for_the_disk(
    database_url: str, tmp_path: Path, make_prediction: Make
) -> None:
    settings = LogSettings(tmp_path, database_url, fsync_interval_s=0)
    assert run(settings, [make_prediction()], [make_prediction()]).counts["written"] == 2


def test_rows_of_an_older_version_with_fewer_columns_arrive_with_the_defaults_of_the_others(
    database_url: str, tmp_path: Path, make_prediction: Make
) -> None:
    whole = prediction_tuple(make_prediction(input_text="old"))
    # The last column, segment, is one jsonb value: its length (4 bytes), its version and "{}".
    shorter = struct.pack(">h", len(PREDICTION_COLUMNS) - 1) + whole[2:-7]
    old = Spool(
        tmp_path, columns=PREDICTION_COLUMNS[:-1], segment_bytes=10**6, max_bytes=10**7, clock=lambda: 0.0
    )
    old.open()
    old.append(encode_records([shorter]))
    old.close()

    assert (
        run(LogSettings(tmp_path, database_url), [make_prediction(input_text="new")]).counts["written"] == 2
    )
    assert query(database_url, "SELECT input_text, segment FROM prediction_logs ORDER BY 1") == [
        ("new", {}),
        ("old", {}),
    ]


def test_rows_of_a_newer_version_wait_for_its_migration(
    database_url: str, tmp_path: Path, make_prediction: Make, caplog: pytest.LogCaptureFixture
) -> None:
    columns = (*PREDICTION_COLUMNS, "shade")
    newer = prediction_tuple(make_prediction())
    row = struct.pack(">h", len(columns)) + newer[2:] + text_field("blue")
    spool = Spool(tmp_path, columns=columns, segment_bytes=10**6, max_bytes=10**7, clock=lambda: 0.0)
    spool.open()
    spool.append(encode_records([row]))
    spool.close()
    log = PredictionLog(LogSettings(tmp_path, database_url, retry_max_s=0.1))
    log.start()

    assert log.flush(timeout_s=1) is False
    assert "UNDEFINED_COLUMN" in caplog.text
    query(database_url, "ALTER TABLE prediction_logs ADD COLUMN shade text")
    assert log.flush(timeout_s=30)
    log.close(timeout_s=5)
    assert query(database_url, "SELECT shade FROM prediction_logs") == [("blue",)]


def test_a_clock_that_goes_back_changes_neither_order_nor_number_of_rows(
    database_url: str, tmp_path: Path, make_prediction: Make
) -> None:
    moments = [
        datetime(2026, 3, 4, 12, tzinfo=UTC),
        datetime(2026, 3, 2, tzinfo=UTC),
        datetime(2026, 3, 4, tzinfo=UTC),
    ]
    tally = run(
        LogSettings(tmp_path, database_url),
        *([make_prediction(predicted_at=moment, input_text=str(i))] for i, moment in enumerate(moments)),
    )

    assert tally.counts["written"] == 3
    assert query(database_url, "SELECT predicted_at FROM prediction_logs ORDER BY input_text") == [
        (moment,) for moment in moments
    ]


def test_poison_among_many_rows_costs_only_itself(
    database_url: str, tmp_path: Path, make_prediction: Make
) -> None:
    query(database_url, "ALTER TABLE prediction_logs ADD CHECK (input_text <> 'poison')")
    rows = [
        *(make_prediction(input_text=f"{number:05d}") for number in range(3000)),
        make_prediction(input_text="poison"),
        make_prediction(input_text="nul\x00 and \ud800"),
        make_prediction(input_text="y" * 1_000_000),
    ]
    tally = run(LogSettings(tmp_path, database_url), rows)

    assert (
        tally.counts["written"],
        tally.counts["repaired"],
        tally.counts["dropped refused_by_database"],
    ) == (
        3002,
        1,
        1,
    )
    # Halving: about twice the logarithm of the batch in more transactions, not one a row.
    assert tally.counts["copy prediction_logs"] < 40
