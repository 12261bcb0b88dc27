"""Where the things are that a command reads: a cluster, the local stack, or plain URLs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal

from modelmonitor.cli.errors import NameWhere, WrongInput

Backend = Literal["local", "cluster", "url"]
BACKENDS: Final = ("auto", "local", "cluster", "url")
_ADDRESSES: Final = "addresses.json"


@dataclass(frozen=True, slots=True)
class Where:
    """What the options of a command say; empty where nothing was given.

    Attributes:
        backend: auto, local, cluster or url.
        data_dir: folder of `modelmonitor up`, None for the default.
        timeout_s: how long one source may take, seconds.
    """

    backend: str = "auto"
    namespace: str = ""
    all_namespaces: bool = False
    context: str = ""
    kubeconfig: str = ""
    predictor_url: str = ""
    prometheus_url: str = ""
    data_dir: Path | None = None
    timeout_s: float = 2.0

    @property
    def names_a_cluster(self) -> bool:
        """Whether an option was given that only a cluster has."""
        return bool(self.namespace or self.all_namespaces or self.context or self.kubeconfig)


@dataclass(frozen=True, slots=True)
class ClusterPlace:
    """A cluster as kubectl names it; empty fields mean what the kubeconfig says."""

    namespace: str = ""
    all_namespaces: bool = False
    context: str = ""
    kubeconfig: str = ""


@dataclass(frozen=True, slots=True)
class Places:
    """Addresses to read from; empty where there is none. The database URL holds a password."""

    backend: Backend
    predictor_url: str = ""
    prometheus_url: str = ""
    mlflow_url: str = ""
    database_url: str = field(default="", repr=False)
    monitor_file: Path | None = None
    cluster: ClusterPlace | None = None
    timeout_s: float = 2.0


def find_places(where: Where, *, environment: Mapping[str, str]) -> Places:
    """Decide where to read, from options first, then the environment, then what runs here.

    Args:
        where: the options.
        environment: MM_PREDICTOR_URL, MM_PROMETHEUS_URL, MM_MLFLOW_URL, MM_DATABASE_URL.

    Raises:
        NameWhere: nothing was named and nothing runs here, or not in the folder that was named.
        WrongInput: an option that is not what it should be.
    """
    _check(where)
    backend = where.backend if where.backend != "auto" else _guess(where, environment)
    if backend == "local":
        return _local(where)
    given = _urls(where, environment)
    if backend == "cluster":
        place = ClusterPlace(where.namespace, where.all_namespaces, where.context, where.kubeconfig)
        return replace(given, backend="cluster", cluster=place)
    if not _any_address(given):
        msg = (
            "no address is known: give --predictor-url or --prometheus-url, or set MM_DATABASE_URL, "
            "which holds a password and is therefore no option"
        )
        raise NameWhere(msg)
    return given


def _check(where: Where) -> None:
    if where.backend not in BACKENDS:
        msg = f"{where.backend!r} is not a backend: choose {', '.join(BACKENDS)}"
        raise WrongInput(msg)
    if where.timeout_s <= 0:
        msg = f"--timeout {where.timeout_s:g} is not possible: give seconds above 0"
        raise WrongInput(msg)
    for option, url in (("--predictor-url", where.predictor_url), ("--prometheus-url", where.prometheus_url)):
        if url and not url.startswith(("http://", "https://")):
            msg = f"{option} {url!r} is not a URL: write http://host:port"
            raise WrongInput(msg)


def _guess(where: Where, environment: Mapping[str, str]) -> str:
    if where.names_a_cluster:
        return "cluster"
    if where.data_dir is None and _any_address(_urls(where, environment)):
        return "url"
    if where.data_dir is not None or (_data_dir(where) / _ADDRESSES).exists():
        return "local"
    kubeconfig = environment.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")
    if Path(kubeconfig.split(":")[0]).exists() or "KUBERNETES_SERVICE_HOST" in environment:
        return "cluster"
    msg = (
        f"nothing runs in {_data_dir(where)} and there is no kubeconfig: start `modelmonitor up`, name its "
        "folder with --data-dir, a cluster with --context, or an address with --predictor-url"
    )
    raise NameWhere(msg)


def _urls(where: Where, environment: Mapping[str, str]) -> Places:
    return Places(
        "url",
        predictor_url=(where.predictor_url or environment.get("MM_PREDICTOR_URL", "")).rstrip("/"),
        prometheus_url=(where.prometheus_url or environment.get("MM_PROMETHEUS_URL", "")).rstrip("/"),
        mlflow_url=environment.get("MM_MLFLOW_URL", "").rstrip("/"),
        database_url=environment.get("MM_DATABASE_URL", ""),
        timeout_s=where.timeout_s,
    )


def _any_address(places: Places) -> bool:
    return bool(places.predictor_url or places.prometheus_url or places.mlflow_url or places.database_url)


def _data_dir(where: Where) -> Path:
    from modelmonitor.cli.local_stack import local_settings

    return local_settings(where.data_dir).data_dir


def _local(where: Where) -> Places:
    # Imported here, for other backends need nothing of the local stack.
    from modelmonitor.local.addresses import Addresses, NotRunning

    folder = _data_dir(where)
    try:
        addresses = Addresses.read(folder)
    except NotRunning as error:
        raise NameWhere(str(error)) from None
    return Places(
        "local",
        predictor_url=addresses.predictor_url,
        prometheus_url=where.prometheus_url.rstrip("/"),
        mlflow_url=addresses.mlflow_url,
        database_url=addresses.database_url.get_secret_value(),
        monitor_file=folder / "monitor.yaml",
        timeout_s=where.timeout_s,
    )
