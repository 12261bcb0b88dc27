"""Labels from files of every form, and what is said of lines that cannot be taken."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelmonitor.cli.errors import WrongInput
from modelmonitor.cli.label_file import read_label_file
from modelmonitor.store.feedback import Feedback

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
ONE = UUID(int=1)
EXPECTED = (Feedback(ONE, "POSITIVE", NOW - timedelta(hours=1), "people"),)
OBJECT = (
    f'{{"prediction_id": "{ONE}", "label": "POSITIVE", '
    '"labelled_at": "2026-03-04T11:00:00Z", "source": "people"}'
)


def read(text, *, given=""):
    return read_label_file(text, source="labels", given=given, now=NOW)


@pytest.mark.parametrize(
    "text",
    [
        f"prediction_id,label,labelled_at,source\n{ONE},POSITIVE,2026-03-04T11:00:00Z,people\n",
        f"\ufeffsource,labelled_at,label,prediction_id\r\npeople,2026-03-04T11:00:00Z,POSITIVE,{ONE}\r\n",
        OBJECT,
        OBJECT + "\n\n",
        f"[{OBJECT}]",
    ],
)
def test_every_form_holds_the_same_label(text):
    assert read(text) == EXPECTED


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "labels has no column prediction_id and no column label"),
        ("prediction_id,label\n", "labels holds no label"),
        ("[]", "labels holds no label"),
        ("[1]", "line 1: a label must be an object"),
        ("{", "labels, line 1 is not JSON"),
        (f"prediction_id,label,colour\n{ONE},A,red\n", "line 2: there is no field 'colour'"),
        (f"prediction_id,label\n{ONE},\n", "line 2: label must be the name of a class"),
        (f"prediction_id,label,labelled_at\n{ONE},A,2026-03-04T11:00:00\n", "labelled_at has no time zone"),
        (f"prediction_id,label,labelled_at\n{ONE},A,2027-03-04T11:00:00Z\n", "is in the future"),
    ],
)
def test_what_cannot_be_taken_is_named(text, sentence):
    with pytest.raises(WrongInput) as caught:
        read(text)

    assert sentence in str(caught.value)


def test_only_the_first_ten_wrong_lines_are_named():
    with pytest.raises(WrongInput) as caught:
        read("prediction_id,label\n" + "x,A\n" * 25)

    lines = str(caught.value).splitlines()
    assert lines[0] == "25 of 25 labels of labels cannot be taken, none was written:"
    assert len(lines) == 12
    assert lines[-1] == "  and 15 more"


@settings(deadline=None)
@given(st.text(max_size=200), st.sampled_from(["", "csv", "json", "ndjson"]))
def test_no_text_at_all_breaks_the_reader(text, form):
    with suppress(WrongInput):
        assert read(text, given=form)
