"""What the operator makes of the samples, object by object, as people review it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from controller.cli import rendered
from controller.settings import OperatorSettings

ROOT = Path(__file__).parents[2]
SAMPLES = sorted((ROOT / "manifests/samples").glob("*.yaml"))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_the_objects_of_a_sample(sample: Path, golden: Callable[[str, str], None]) -> None:
    for document in filter(None, rendered(sample.read_text(), source=sample.name).split("---\n")):
        manifest = YAML(typ="safe").load(document)
        name = f"{sample.stem}/{manifest['kind'].lower()}-{manifest['metadata']['name']}.yaml"
        golden(name, document)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_no_golden_file_is_left_of_an_object_that_is_no_longer_made(sample: Path) -> None:
    documents = filter(None, rendered(sample.read_text(), source=sample.name).split("---\n"))
    made = {YAML(typ="safe").load(document)["metadata"]["name"] for document in documents}

    kept = {
        path.stem.split("-", 1)[1]
        for path in (Path(__file__).parent / "expected" / sample.stem).glob("*.yaml")
    }

    assert kept == made


@pytest.fixture(autouse=True)
def default_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Golden files show the defaults, whatever the environment of the tests says."""
    for field in OperatorSettings.model_fields:
        monkeypatch.delenv(f"MM_OPERATOR_{field.upper()}", raising=False)
