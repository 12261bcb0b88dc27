"""The limit: the operator's own objects, sent by a client that does nothing else, to the same server."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from controller.cluster.difference import stamped
from controller.cluster.paths import object_path
from controller.desired.defaults import Defaults
from controller.desired.plan import plan
from controller.manifest import CHILD_KINDS, Capabilities
from modelmonitor.api.v1alpha1 import ModelMonitor


@dataclass(frozen=True, slots=True)
class Bare:
    """What the bare client did.

    Attributes:
        seconds: from the first request to the last answer.
        patches: server-side applies that were sent.
        monitors: whose objects they were.
    """

    seconds: float
    patches: int
    monitors: int


def apply_bare(kubeconfig: Path, monitors: Sequence[ModelMonitor], *, parallel: int) -> Bare:
    """Server-side apply of all objects of the monitors, prepared before the clock starts.

    Args:
        kubeconfig: JSON, with a token.
        monitors: with uid, whose objects are sent.
        parallel: requests at a time, as many as the operator has workers.
    """
    everything = Capabilities(frozenset(CHILD_KINDS))
    defaults = Defaults(job_image="bench")
    requests = [
        (object_path(each.kind, monitor.namespace, each.name), json.dumps(stamped(each.manifest)))
        for monitor in monitors
        for each in plan(monitor, pods={"app": "x"}, capabilities=everything, defaults=defaults).objects
    ]
    config = json.loads(kubeconfig.read_text("utf-8"))
    seconds = asyncio.run(_send(config, requests, parallel=parallel))
    return Bare(seconds, patches=len(requests), monitors=len(monitors))


async def _send(config: dict[str, Any], requests: Sequence[tuple[str, str]], *, parallel: int) -> float:
    server = config["clusters"][0]["cluster"]["server"].rstrip("/")
    headers = {
        "Authorization": f"Bearer {config['users'][0]['user']['token']}",
        "Content-Type": "application/apply-patch+yaml",
    }
    trust = ssl.create_default_context()
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    waiting = iter(requests)
    async with aiohttp.ClientSession(headers=headers) as session:

        async def work() -> None:
            for path, body in waiting:
                query = {"fieldManager": "bench", "force": "true"}
                async with session.patch(server + path, params=query, data=body, ssl=trust) as response:
                    response.raise_for_status()
                    await response.read()

        began = time.monotonic()
        await asyncio.gather(*(work() for _ in range(parallel)))
        return time.monotonic() - began
