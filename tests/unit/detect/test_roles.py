"""What rows are used for is stated for every detector."""

from __future__ import annotations

from modelmonitor.detect.catalogue import ENTRIES
from modelmonitor.detect.roles import ROLES


def test_every_detector_says_which_rows_it_fits_on_calibrates_with_and_compares():
    assert {entry.name for entry in ENTRIES} == set(ROLES)
    assert all(all(role.to_json().values()) for role in ROLES.values())
