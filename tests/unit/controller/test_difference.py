from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.cluster.difference import MERGED_BY, is_current, stamped
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


@pytest.mark.parametrize("value", [False, 0, "", {}, []])
def test_a_field_that_is_gone_is_noticed_also_if_what_is_desired_of_it_is_empty(value: object) -> None:
    desired = stamped({"metadata": {"name": "x"}, "spec": {"automountServiceAccountToken": value}})

    assert not is_current(desired, {**desired, "spec": {}})


@pytest.mark.parametrize(("list_of", "key"), MERGED_BY.items())
def test_an_element_that_others_add_to_a_merged_list_stays(list_of: str, key: str) -> None:
    ours, theirs = {key: "a", "value": "1"}, {key: "b"}
    desired = stamped({"metadata": {"name": "x"}, "spec": {list_of: [ours]}})

    assert is_current(desired, {**desired, "spec": {list_of: [theirs, {**ours, "default": True}]}})
    assert not is_current(desired, {**desired, "spec": {list_of: [theirs]}})
    assert not is_current(desired, {**desired, "spec": {list_of: [theirs, {**ours, "value": "2"}]}})


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
