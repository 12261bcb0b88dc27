"""JSON Schema for editors: completion, and mistakes underlined while a ModelMonitor is being written."""

from __future__ import annotations

from modelmonitor.api.schema_tree import Schema, for_editors, schema_tree
from modelmonitor.api.v1alpha1 import KIND, ModelMonitor

# Draft 7 is what the YAML language server reads; the URI is the draft's name, nothing is fetched from it.
DRAFT = "http://json-schema.org/draft-07/schema#"


def editor_schema() -> Schema:
    """The schema of a ModelMonitor file as plain JSON types."""
    return {"$schema": DRAFT, "title": KIND, **for_editors(schema_tree(ModelMonitor))}
