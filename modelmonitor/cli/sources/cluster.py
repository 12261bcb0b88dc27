"""A cluster: its ModelMonitors and a few objects around them, by the client of the extra `operator`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from modelmonitor.cli.errors import InstallOperatorExtra, NotFound, SourceDown
from modelmonitor.cli.places import ClusterPlace, Places

GROUP: Final = "modelmonitor.io"
VERSION: Final = "v1alpha1"
PLURAL: Final = "modelmonitors"
_FORBIDDEN: Final = 403
_ABSENT: Final = 404


def list_monitors(places: Places) -> tuple[Mapping[str, Any], ...]:
    """The ModelMonitors of the namespace, or of all.

    Raises:
        InstallOperatorExtra: the client is missing.
        NotFound: the cluster does not know ModelMonitors.
        SourceDown: the API server does not answer or refuses.
    """
    place = _place(places)
    with asking(places) as (client, namespace):
        custom = client.CustomObjectsApi()
        limit = {"_request_timeout": places.timeout_s}
        if place.all_namespaces:
            found = custom.list_cluster_custom_object(GROUP, VERSION, PLURAL, **limit)
        else:
            found = custom.list_namespaced_custom_object(GROUP, VERSION, namespace, PLURAL, **limit)
    return tuple(found["items"])


def annotate_monitor(places: Places, *, name: str, namespace: str, annotations: Mapping[str, str]) -> None:
    """Set annotations of a ModelMonitor.

    Raises:
        as `list_monitors`.
    """
    with asking(places) as (client, _):
        client.CustomObjectsApi().patch_namespaced_custom_object(
            GROUP,
            VERSION,
            namespace,
            PLURAL,
            name,
            {"metadata": {"annotations": dict(annotations)}},
            _request_timeout=places.timeout_s,
        )


def get_object(places: Places, *, group: str, version: str, plural: str, name: str) -> Mapping[str, Any]:
    """One namespaced object of any kind.

    Raises:
        as `list_monitors`.
    """
    with asking(places) as (client, namespace):
        api = client.CustomObjectsApi()
        if group:
            found: Mapping[str, Any] = api.get_namespaced_custom_object(
                group, version, namespace, plural, name, _request_timeout=places.timeout_s
            )
            return found
        service = client.CoreV1Api().read_namespaced_service(
            name, namespace, _request_timeout=places.timeout_s
        )
        return dict(client.ApiClient().sanitize_for_serialization(service))


def known_kinds(places: Places, *, group: str) -> frozenset[str]:
    """Plural names of the kinds of an API group; empty if the cluster has no such group.

    Raises:
        as `list_monitors`.
    """
    with asking(places) as (client, _):
        groups = client.ApisApi().get_api_versions(_request_timeout=places.timeout_s).groups
        versions = [each.preferred_version.version for each in groups if each.name == group]
        if not versions:
            return frozenset()
        listed = client.CustomObjectsApi().get_api_resources(group, versions[0])
        return frozenset(each.name for each in listed.resources)


@contextmanager
def asking(places: Places) -> Iterator[tuple[Any, str]]:
    """The client module, configured, and the namespace; failures become sentences.

    Raises:
        InstallOperatorExtra: the client is missing.
        NotFound: there is no such object, or the cluster does not know its kind.
        SourceDown: the API server does not answer or refuses.
    """
    client, config, HTTPError = _client()  # noqa: N806 - a class
    namespace = _configure(config, _place(places))
    try:
        yield client, namespace
    except client.ApiException as error:
        raise _refused(error) from None
    except HTTPError as error:
        msg = (
            f"the API server does not answer ({_reason(error)}): check the context, or `kubectl cluster-info`"
        )
        raise SourceDown(msg) from None


def _configure(config: Any, place: ClusterPlace) -> str:  # noqa: ANN401 - an optional package
    """Load the kubeconfig, else the pod's own rights; the namespace to look in."""
    try:
        config.load_kube_config(config_file=place.kubeconfig or None, context=place.context or None)
        _, active = config.list_kube_config_contexts(config_file=place.kubeconfig or None)
        contexts = {each["name"]: each for each in _contexts(config, place)}
        chosen = contexts.get(place.context, active) or {}
        own = chosen.get("context", {}).get("namespace", "")
    except config.ConfigException as error:
        if place.kubeconfig or place.context:
            msg = f"the kubeconfig cannot be used: {error}"
            raise SourceDown(msg) from None
        own = _in_pod(config, error)
    _never_retry(_client()[0].Configuration)
    return place.namespace or own or "default"


def _contexts(config: Any, place: ClusterPlace) -> list[Mapping[str, Any]]:  # noqa: ANN401 - an optional package
    contexts, _ = config.list_kube_config_contexts(config_file=place.kubeconfig or None)
    return list(contexts)


def _in_pod(config: Any, why: Exception) -> str:  # noqa: ANN401 - an optional package
    try:
        config.load_incluster_config()
    except config.ConfigException:
        msg = f"there is no cluster to read: {why}; give --kubeconfig or --context"
        raise SourceDown(msg) from None
    return ""


def _client() -> tuple[Any, Any, type[Exception]]:
    try:
        from kubernetes import client, config
        from urllib3.exceptions import HTTPError
    except ImportError:
        raise InstallOperatorExtra from None
    return client, config, HTTPError


def _never_retry(configuration: Any) -> None:  # noqa: ANN401 - an optional package
    chosen = configuration.get_default_copy()
    chosen.retries = False
    configuration.set_default(chosen)


def _place(places: Places) -> ClusterPlace:
    return places.cluster or ClusterPlace()


def _refused(error: Any) -> SourceDown | NotFound:  # noqa: ANN401 - an optional package
    if error.status == _ABSENT and "page not found" in str(error.body):
        return NotFound("this cluster does not know ModelMonitors: install the CRD (docs/how-to/install.md)")
    if error.status == _ABSENT:
        return NotFound(f"the cluster has no such object: {_message(error)}")
    if error.status == _FORBIDDEN:
        return SourceDown(f"the cluster refuses: {_message(error)}; ask for the right to read modelmonitors")
    return SourceDown(f"the API server answers {error.status}: {_message(error)}")


def _message(error: Any) -> str:  # noqa: ANN401 - an optional package
    import json

    try:
        return str(json.loads(error.body)["message"])
    except (ValueError, KeyError, TypeError):
        return str(error.reason)


def _reason(error: Exception) -> str:
    return str(getattr(error, "reason", error)).rpartition(": ")[2] or type(error).__name__
