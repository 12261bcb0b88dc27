from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from controller.desired.rights import operator_role

RBAC = "/apis/rbac.authorization.k8s.io/v1"


def grant(namespace: Any, user: str, *, cluster_wide: bool) -> None:
    role = operator_role(namespace=None if cluster_wide else namespace.name)
    role["metadata"]["name"] = f"{role['metadata']['name']}-{namespace.name}"
    within = "" if cluster_wide else f"/namespaces/{namespace.name}"
    kinds = ("clusterroles", "clusterrolebindings") if cluster_wide else ("roles", "rolebindings")
    binding = {
        "apiVersion": role["apiVersion"],
        "kind": f"{role['kind']}Binding",
        "metadata": role["metadata"],
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": role["kind"],
            "name": role["metadata"]["name"],
        },
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
    }
    for plural, body in zip(kinds, (role, binding), strict=True):
        namespace.http.post(f"{RBAC}{within}/{plural}", json=body).raise_for_status()


def revoke(namespace: Any) -> None:
    for plural in ("clusterrolebindings", "clusterroles"):
        namespace.http.delete(f"{RBAC}/{plural}/modelmonitor-operator-{namespace.name}")


@pytest.mark.parametrize("cluster_wide", [True, False], ids=["all namespaces", "one namespace"])
def test_the_printed_rights_are_enough_for_all_that_it_does(
    namespace: Any,
    start_operator: Callable[..., Any],
    kubeconfig: Path,
    point_at: Any,
    least: str,
    monitor: dict[str, Any],
    prometheus_operator: None,
    cluster_wide: bool,
) -> None:
    grant(namespace, least, cluster_wide=cluster_wide)
    point_at(kubeconfig, server=str(namespace.http.base_url), token=least)
    monitor["spec"]["alerts"] = {"notify": {"webhook": {"secretName": "pager"}}}
    monitor["spec"]["target"] = {"inferenceService": "sentiment"}
    start_operator(**({"namespaces": ()} if cluster_wide else {}))
    namespace.create("ModelMonitor", monitor)

    try:
        namespace.wait_for_condition("sentiment", "Ready", "True")
        namespace.wait(lambda: namespace.list("Event"), why="events are posted")
        namespace.patch("ModelMonitor", "sentiment", {"spec": {"checks": [{"name": "data", "type": "data"}]}})
        namespace.wait(
            lambda: namespace.find("CronJob", "sentiment-concept") is None, why="what is obsolete goes"
        )
    finally:
        revoke(namespace)


def test_nothing_is_granted_by_wildcard_and_no_secret_is_read() -> None:
    rules = operator_role(namespace=None)["rules"]

    words = {word for rule in rules for part in rule.values() for word in part}
    assert "*" not in words
    assert "secrets" not in words
