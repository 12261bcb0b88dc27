"""Settings and records that could not work are refused with the reason; secrets do not show."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from modelmonitor.store.connection import connect, describe
from modelmonitor.store.errors import DatabaseUnreachable
from modelmonitor.store.log import LogSettings
from modelmonitor.store.records import Prediction


def test_segments_that_could_fill_the_spool_when_drained_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"segment_bytes \(600\) must be at most a quarter of max_bytes \(1000\)"
    ):
        LogSettings(tmp_path, "", segment_bytes=600, max_bytes=1000)


def test_a_setting_that_must_be_positive_is(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        LogSettings(tmp_path, "", batch_rows=0)


def test_the_password_does_not_show_in_the_settings(tmp_path: Path) -> None:
    assert "s3cret" not in repr(LogSettings(tmp_path, "postgresql://me:s3cret@host/db"))


def test_a_prediction_without_time_zone_is_refused(make_prediction: Callable[..., Prediction]) -> None:
    with pytest.raises(ValueError, match=r"predicted_at has no time zone .*: use datetime.now\(UTC\)"):
        make_prediction(predicted_at=datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None))


def test_a_url_is_described_without_its_password() -> None:
    assert describe("postgresql://me:s3cret@db.example:6543/logs") == "me@db.example:6543/logs"


@pytest.mark.parametrize(
    "url", ["mysql://me:s3cret@host/db", "postgresql+psycopg2://me:s3cret@host/db", "s3cret"]
)
def test_what_is_not_a_postgresql_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(
        DatabaseUnreachable, match="write postgresql://user:password@host:port/database"
    ) as caught:
        connect(url, application_name="tests")
    assert "s3cret" not in str(caught.value)
