"""The CustomResourceDefinition: what `kubectl apply` needs before the first ModelMonitor."""

from __future__ import annotations

from typing import Any, Final

from modelmonitor.api.schema_tree import Schema, for_crd, schema_tree
from modelmonitor.api.v1alpha1 import GROUP, KIND, PLURAL, VERSION, ModelMonitor

# The first of the three that is given: a monitor of a Service or of pods shows a name too.
_TARGET_PATH: Final = ".spec.target['inferenceService','service','modelName']"

PRINTER_COLUMNS: Final = (
    {"name": "Target", "type": "string", "jsonPath": _TARGET_PATH, "description": "What is monitored."},
    {
        "name": "Verdict",
        "type": "string",
        "jsonPath": ".status.verdict",
        "description": "Whether the model can be trusted.",
    },
    {"name": "Drift", "type": "string", "jsonPath": ".status.drift", "description": "Checks that see drift."},
    {
        "name": "Confidence",
        "type": "string",
        "jsonPath": ".status.confidence",
        "description": "Mean confidence of the last window.",
    },
    {
        "name": "Last-Run",
        "type": "date",
        "jsonPath": ".status.lastRunTime",
        "description": "When a check last ran.",
    },
    {
        "name": "Alerts",
        "type": "integer",
        "jsonPath": ".status.alerts",
        "description": "Alerts that fire now.",
    },
    {
        "name": "Age",
        "type": "date",
        "jsonPath": ".metadata.creationTimestamp",
        "description": "Age of the monitor.",
    },
)


def custom_resource_definition() -> dict[str, Any]:
    """The CRD of ModelMonitor as plain JSON types."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{PLURAL}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": KIND,
                "listKind": f"{KIND}List",
                "plural": PLURAL,
                "singular": KIND.lower(),
                "shortNames": ["mm"],
            },
            "versions": [_version()],
        },
    }


def _version() -> dict[str, Any]:
    return {
        "name": VERSION,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": list(PRINTER_COLUMNS),
        "schema": {"openAPIV3Schema": _root()},
    }


def _root() -> Schema:
    root = for_crd(schema_tree(ModelMonitor))
    described = {name: root["properties"][name]["description"] for name in ("apiVersion", "kind")}
    own = {name: {"type": "string", "description": text} for name, text in described.items()}
    status = _without_defaults(root["properties"]["status"])
    # The server knows metadata itself and refuses a schema for it beyond the name.
    properties = {**own, "metadata": {"type": "object"}, "spec": root["properties"]["spec"], "status": status}
    return {**root, "properties": properties, "required": ["spec"]}


def _without_defaults(schema: Any) -> Any:  # noqa: ANN401 - any JSON value
    """The status as its writers send it: what the server filled in would look as if somebody had said it."""
    if isinstance(schema, list):
        return [_without_defaults(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    # A field may be called default: only beside a type it is the keyword.
    is_schema = "type" in schema and isinstance(schema["type"], str)
    return {
        name: _without_defaults(value)
        for name, value in schema.items()
        if not (is_schema and name == "default")
    }
