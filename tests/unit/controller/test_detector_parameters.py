from __future__ import annotations

from dataclasses import fields

import pytest

from controller.desired.detector_parameters import PARAMETERS, parameter_problems
from modelmonitor.api.checks import Detector
from modelmonitor.detect.catalogue import ENTRIES, Entry


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry.name}-{entry.backend}")
def test_the_table_is_what_the_detectors_take(entry: Entry) -> None:
    taken = {field.name: entry.choices.get(field.name) for field in fields(entry.load())}

    assert PARAMETERS[entry.name, entry.backend] == taken


@pytest.mark.parametrize(
    ("params", "problems"),
    [
        ({}, []),
        ({"feature": "probabilities"}, []),
        ({"feature": "loss"}, ["feature is 'loss': write one of confidence, probabilities"]),
        ({"features": "loss"}, ["features is no parameter of ks: did you mean feature?"]),
    ],
)
def test_wrong_parameters_are_told_with_the_fix(params: dict[str, str], problems: list[str]) -> None:
    assert list(parameter_problems(Detector(name="ks", backend="native", params=params))) == problems
