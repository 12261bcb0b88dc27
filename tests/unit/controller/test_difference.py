from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.cluster.difference import is_current, stamped
from controller.desired.quantities import canonical

values = st.recursive(
    st.integers() | st.text(max_size=5) | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(min_size=1, max_size=3), values, max_size=3))
def test_an_object_that_was_just_applied_is_current(spec: dict[str, object]) -> None:
    manifest = stamped({"metadata": {"name": "x"}, "spec": spec})

    assert is_current(manifest, {**manifest, "status": {"set": "by others"}})


def test_defaults_and_fields_of_others_do_not_matter() -> None:
    desired = stamped({"metadata": {"name": "x"}, "spec": {"ports": [{"port": 1}]}})
    actual = {**desired, "spec": {"ports": [{"port": 1, "protocol": "TCP"}], "type": "ClusterIP"}}

    assert is_current(desired, actual)


@pytest.mark.parametrize(
    "edited",
    [{"ports": [{"port": 2}]}, {"ports": []}, {"ports": [{"port": 1}, {"port": 2}]}, {}, {"ports": None}],
)
def test_an_edited_field_is_noticed(edited: dict[str, object]) -> None:
    desired = stamped({"metadata": {"name": "x"}, "spec": {"ports": [{"port": 1}]}})

    assert not is_current(desired, {**desired, "spec": edited})


def test_a_field_that_is_no_longer_desired_is_noticed() -> None:
    before = stamped({"metadata": {"name": "x"}, "spec": {"a": 1, "b": 2}})
    after = stamped({"metadata": {"name": "x"}, "spec": {"a": 1}})

    assert not is_current(after, before)


def test_what_the_api_server_leaves_out_because_it_is_empty_is_there() -> None:
    desired = stamped({"metadata": {"name": "x"}, "spec": {"suspend": False, "limits": {}}})

    assert is_current(desired, {**desired, "spec": {}})


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("250m", "250m"),
        ("0.5", "500m"),
        (2, "2"),
        ("1000m", "1"),
        ("512Mi", "512Mi"),
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("2000M", "2G"),
        ("0", "0"),
        ("0.5Ki", "512"),
    ],
)
def test_amounts_are_written_as_the_api_server_writes_them(written: int | str, kept: str) -> None:
    assert canonical(written) == kept
