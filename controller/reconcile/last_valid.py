"""The last valid spec of a monitor whose present one is not: what its jobs go on with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from controller.cluster.errors import ObjectMissing, ObjectRejected
from controller.cluster.sightings import controller_uid
from controller.desired.monitor_file import MONITOR_FILE
from controller.desired.names import child_name
from controller.manifest import CONFIG_MAP
from controller.reading import read
from controller.reconcile.needs import Cluster
from modelmonitor.api.v1alpha1 import ModelMonitor


async def last_valid(body: Mapping[str, Any], *, cluster: Cluster) -> ModelMonitor | None:
    """The monitor with the spec that its jobs have as a file; None if they have none.

    Args:
        body: the monitor as the API server holds it.
        cluster: the API server.

    Raises:
        TryLater: the API server does not answer.
    """
    metadata = body["metadata"]
    try:
        found = await cluster.get(CONFIG_MAP, metadata["namespace"], child_name(metadata["name"]))
        if controller_uid(found["metadata"]) != metadata["uid"]:
            return None
        spec = json.loads(found["data"][MONITOR_FILE])["spec"]
    except (ObjectMissing, ObjectRejected, KeyError, TypeError, ValueError):
        return None
    return read({**body, "spec": spec}).monitor
