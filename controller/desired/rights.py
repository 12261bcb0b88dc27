"""The rights that the operator needs: by kind and verb, no wildcard, and no reading of Secrets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from controller.manifest import (
    CHILD_KINDS,
    DEPLOYMENT,
    EVENT,
    INFERENCE_SERVICE,
    JOB,
    MONITOR,
    POD,
    SERVICE,
    Kind,
)

OPERATOR: Final = "modelmonitor-operator"
_RBAC: Final = "rbac.authorization.k8s.io/v1"
_OF_CHILDREN: Final = ("get", "list", "watch", "create", "patch", "delete")


def operator_role(*, namespace: str | None, capture: bool = True) -> dict[str, Any]:
    """A Role for one namespace, or the ClusterRole for all of them.

    Args:
        namespace: that the operator looks after; None for all.
        capture: whether it may set the logger of InferenceServices (spec.target.capture: logger).
    """
    if namespace is None:
        metadata = {"name": OPERATOR}
        return {
            "apiVersion": _RBAC,
            "kind": "ClusterRole",
            "metadata": metadata,
            "rules": [*_own(capture=capture), *_scanning()],
        }
    metadata = {"name": OPERATOR, "namespace": namespace}
    return {"apiVersion": _RBAC, "kind": "Role", "metadata": metadata, "rules": _own(capture=capture)}


def _own(*, capture: bool) -> list[dict[str, Any]]:
    return [
        _rule(MONITOR, "get", "list", "watch"),
        # What a drift job may do, the operator must be allowed itself: nobody can grant more than he has.
        _rule(MONITOR, "get", "patch", subresource="/status"),
        # Some clusters want this of whoever makes objects that block the deletion of their owner.
        _rule(MONITOR, "update", subresource="/finalizers"),
        *(_rule(kind, *_OF_CHILDREN) for kind in CHILD_KINDS),
        # Jobs of checks come of CronJobs; those of retraining are made by the operator itself.
        _rule(JOB, "list", "watch", "create", "delete"),
        _rule(POD, "list"),
        _rule(SERVICE, "get"),
        # Whether a model without pods is scaled to zero on purpose.
        _rule(DEPLOYMENT, "list", "watch"),
        _rule(INFERENCE_SERVICE, "get", "list", "watch", *(["patch"] if capture else [])),
        _rule(EVENT, "create"),
    ]


def _scanning() -> list[dict[str, Any]]:
    definitions = Kind("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions")
    namespaces = Kind("", "v1", "Namespace", "namespaces")
    return [_rule(definitions, "list", "watch"), _rule(namespaces, "list", "watch")]


def _rule(kind: Kind, *verbs: str, subresource: str = "") -> dict[str, Any]:
    resources: Sequence[str] = [f"{kind.plural}{subresource}"]
    return {"apiGroups": [kind.group], "resources": resources, "verbs": list(verbs)}
