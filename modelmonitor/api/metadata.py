"""The metadata that every Kubernetes object has, as far as this project reads it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from modelmonitor.api.base import ApiModel
from modelmonitor.api.text import Matching

MONITOR_NAME_PATTERN = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
MONITOR_NAME_MESSAGE = (
    "metadata.name of a monitor has up to 63 lower-case letters, digits and '-', such as 'sentiment', "
    "because it becomes a label"
)


class Metadata(ApiModel):
    """Name, namespace and labels; the rest is filled by the API server."""

    name: Annotated[str, Matching(pattern=MONITOR_NAME_PATTERN, message=MONITOR_NAME_MESSAGE, max_length=253)]
    """Name of the monitor."""

    namespace: str | None = None
    """Namespace; the monitored model is in the same."""

    labels: Mapping[str, str] = Field(default={})
    """Labels of the monitor."""

    annotations: Mapping[str, str] = Field(default={})
    """Annotations of the monitor."""

    uid: str | None = None
    """Identity, filled by the API server."""

    generation: int | None = None
    """Counts changes of the spec, filled by the API server."""

    resource_version: str | None = None
    """Changes with every write, filled by the API server."""

    creation_timestamp: datetime | None = None
    """When the monitor was made, filled by the API server."""

    deletion_timestamp: datetime | None = None
    """When deletion was asked for, filled by the API server."""

    deletion_grace_period_seconds: int | None = None
    """Filled by the API server."""

    finalizers: tuple[str, ...] | None = None
    """Who must clean up before the monitor is gone."""

    owner_references: tuple[Mapping[str, Any], ...] | None = None
    """Objects that this one belongs to."""

    generate_name: str | None = None
    """Prefix of a name that the API server made up."""

    managed_fields: tuple[Mapping[str, Any], ...] | None = None
    """Who set which field, filled by the API server."""

    self_link: str | None = None
    """Filled by old API servers."""
