from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import Field

from modelmonitor.api.base import ApiModel
from modelmonitor.api.editor_schema import editor_schema
from modelmonitor.api.generate import generated_files, out_of_date
from modelmonitor.api.schema_tree import NotStructural, schema_tree

ROOT = Path(__file__).parents[3]


def test_the_committed_files_are_up_to_date() -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "modelmonitor.api.generate", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (checked.returncode, checked.stderr) == (0, "")


def test_a_changed_and_a_missing_file_are_named(tmp_path: Path) -> None:
    (tmp_path / "manifests/samples").mkdir(parents=True)
    (tmp_path / "manifests/samples/minimal.yaml").write_text("kind: ModelMonitor\n")
    files = generated_files(tmp_path)
    crd, schema, page = files
    for path in (crd, schema):
        path.parent.mkdir(parents=True)
        path.write_text(files[path])
    schema.write_text("{}")
    assert out_of_date(files) == (schema, page)


def test_editors_show_the_sentence_of_a_pattern_and_refuse_unknown_fields() -> None:
    schema = editor_schema()
    retention = schema["properties"]["spec"]["properties"]["retention"]
    assert retention == {
        "default": "90d",
        "description": "How long predictions are kept.",
        "maxLength": 16,
        "pattern": "^[1-9][0-9]{0,4}(s|m|h|d|w)$",
        "patternErrorMessage": "a duration is a whole number above 0 and one of s, m, h, d, w, "
        "such as '24h' or '30d'",
        "type": "string",
    }
    assert schema["properties"]["spec"]["additionalProperties"] is False
    assert "x-kubernetes" not in json.dumps(schema)


def test_a_union_of_two_types_is_refused_because_no_crd_can_express_it() -> None:
    class Either(ApiModel):
        value: int | str

    with pytest.raises(NotStructural, match="is one of several types, which no CRD can express"):
        schema_tree(Either)


def test_a_keyword_that_no_crd_has_is_refused() -> None:
    class Multiple(ApiModel):
        value: int = Field(multiple_of=3)

    with pytest.raises(NotStructural, match="uses multipleOf, which no CRD can express"):
        schema_tree(Multiple)
