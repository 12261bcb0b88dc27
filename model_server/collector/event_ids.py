"""Names by which an event and its predictions are known everywhere, made of what both its halves carry."""

from __future__ import annotations

import uuid
from typing import Final

NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "https://modelmonitor.io/events")


def event_key(namespace: str, service: str, *, component: str, event_id: str) -> uuid.UUID:
    """What request and response of one inference have in common, and nothing else has."""
    return uuid.uuid5(NAMESPACE, "\n".join((namespace, service, component, event_id)))


def prediction_id(deployment_id: str, component: str, *, event_id: str, index: int) -> uuid.UUID:
    """Id of a logged row (UUIDv5, RFC 9562 section 5.5).

    It holds no time, so that a label finds its prediction by event id and index alone, whichever comes first.

    Args:
        deployment_id: as in the log.
        component: predictor, transformer or explainer.
        event_id: CloudEvents id.
        index: of the input in its request, from 0.
    """
    return uuid.uuid5(NAMESPACE, f"{deployment_id}/{component}/{event_id}/{index}")
