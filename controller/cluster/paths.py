"""Paths under which the API server keeps objects."""

from __future__ import annotations

from controller.manifest import Kind


def listed_path(kind: Kind, namespace: str | None) -> str:
    """The path of all objects of a kind, in a namespace or in all of them."""
    return f"{kind.api_path}/{kind.plural}" if namespace is None else collection_path(kind, namespace)


def collection_path(kind: Kind, namespace: str) -> str:
    """The path of all objects of a kind in a namespace."""
    return f"{kind.api_path}/namespaces/{namespace}/{kind.plural}"


def object_path(kind: Kind, namespace: str, name: str) -> str:
    """The path of an object."""
    return f"{collection_path(kind, namespace)}/{name}"
