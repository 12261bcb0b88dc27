"""Whatever spec is accepted survives being written and read again, as JSON and as YAML."""

from __future__ import annotations

import io
from typing import Any

from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from modelmonitor.api.load import InvalidMonitor, load_monitor
from modelmonitor.api.schema_tree import Schema, schema_tree
from modelmonitor.api.v1alpha1 import ModelMonitor

TREE = schema_tree(ModelMonitor)
HEAD = {"apiVersion": "modelmonitor.io/v1alpha1", "kind": "ModelMonitor", "metadata": {"name": "sentiment"}}


def values_of(node: Schema) -> st.SearchStrategy[Any]:
    """Values that fit a node of the schema; rules over several fields may still refuse them."""
    if "enum" in node:
        return st.sampled_from(node["enum"])
    if "properties" in node:
        required = set(node.get("required", ()))
        fields = {name: values_of(child) for name, child in node["properties"].items()}
        return st.fixed_dictionaries(
            {name: field for name, field in fields.items() if name in required},
            optional={name: field for name, field in fields.items() if name not in required},
        )
    if node.get("type") == "array":
        return st.lists(values_of(node["items"]), max_size=3)
    if node.get("type") == "object":
        return st.dictionaries(
            st.sampled_from(["cpu", "team", "app"]), values_of(node["additionalProperties"]), max_size=2
        )
    return scalars_of(node)


def scalars_of(node: Schema) -> st.SearchStrategy[Any]:
    if node.get("type") == "boolean":
        return st.booleans()
    if node.get("type") == "integer":
        return st.integers(node.get("minimum"), min(node.get("maximum", 2**31), 2**31))
    if "x-kubernetes-int-or-string" in node:
        return st.sampled_from([0, 2, "250m", "2Gi"])
    return st.from_regex(node["pattern"], fullmatch=True).filter(lambda text: len(text) <= node["maxLength"])


def target() -> st.SearchStrategy[Any]:
    return st.sampled_from(
        [
            {"inferenceService": "sentiment"},
            {"service": "sentiment", "capture": "none"},
            {"podSelector": {"matchLabels": {"app": "sentiment"}}, "modelName": "sentiment"},
        ]
    )


def reference() -> st.SearchStrategy[Any]:
    kinds = TREE["properties"]["spec"]["properties"]["reference"]["properties"]
    one = [
        st.fixed_dictionaries({name: values_of(kinds[name])})
        for name in ("dataset", "rolling", "mlflow", "window")
    ]
    return st.one_of(one)


def specs() -> st.SearchStrategy[dict[str, Any]]:
    fields = TREE["properties"]["spec"]["properties"]
    rest = {name: values_of(node) for name, node in fields.items() if name not in {"target", "reference"}}
    return st.fixed_dictionaries({"target": target(), "reference": reference()}, optional=rest)


def yaml_text(value: dict[str, Any]) -> str:
    text = io.StringIO()
    YAML(typ="safe").dump(value, text)
    return text.getvalue()


@settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], max_examples=25, deadline=None
)
@given(specs())
def test_an_accepted_spec_round_trips(spec: dict[str, Any]) -> None:
    try:
        monitor = load_monitor(yaml_text({**HEAD, "spec": spec}), source="generated")
    except InvalidMonitor:  # a rule over several fields refuses what fits each field's own schema
        reject()
    manifest = monitor.to_manifest()
    assert ModelMonitor.model_validate(manifest) == monitor
    assert ModelMonitor.model_validate_json(monitor.model_dump_json()) == monitor
    assert load_monitor(yaml_text(manifest), source="written") == monitor
