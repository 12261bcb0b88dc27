from pathlib import Path

import pytest
from pydantic import ValidationError

from model_server.collector.settings import PREFIX, CollectorSettings

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "collector.md"


def test_the_reference_page_has_a_line_for_each_setting_with_its_meaning():
    lines = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith(f"| `{PREFIX}")]

    documented = [(cells[1].strip(), cells[3].strip()) for cells in (line.split("|") for line in lines)]

    fields = CollectorSettings.model_fields
    assert documented == [(f"`{PREFIX}{name.upper()}`", field.description) for name, field in fields.items()]


def test_settings_cannot_be_changed_later_and_show_no_password():
    settings = CollectorSettings(host="::1", database_url="postgresql://me:secret@host/name")

    assert "secret" not in repr(settings)
    with pytest.raises(ValidationError):
        settings.port = 1


def test_events_cannot_need_a_token_that_nobody_has():
    with pytest.raises(ValidationError, match="MM_COLLECTOR_EVENTS_NEED_TOKEN needs the tokens"):
        CollectorSettings(host="localhost", events_need_token=True)
