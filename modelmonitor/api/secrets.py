"""Secrets are named, never written into the resource."""

from __future__ import annotations

from modelmonitor.api.base import ApiModel
from modelmonitor.api.names import ObjectName, SecretKeyName


class SecretKey(ApiModel):
    """One key of a Secret in the namespace of the monitor."""

    secret_name: ObjectName
    """Name of the Secret."""

    key: SecretKeyName = "url"
    """Key in its data."""
