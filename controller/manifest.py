"""Values that desired state and cluster share: kinds of objects, and what to do with them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, Protocol

Manifest = Mapping[str, Any]


def digest(manifest: Manifest) -> str:
    """Tells manifests apart, by few letters."""
    text = json.dumps(manifest, sort_keys=True, ensure_ascii=False)
    return sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object as the API server serves it.

    Attributes:
        group: API group; empty for the core group.
        plural: its name in paths.
    """

    group: str
    version: str
    name: str
    plural: str

    @property
    def api_version(self) -> str:
        """The apiVersion of its objects."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def api_path(self) -> str:
        """The path under which the API server lists what it serves of this version."""
        return f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"


CONFIG_MAP: Final = Kind("", "v1", "ConfigMap", "configmaps")
SERVICE_ACCOUNT: Final = Kind("", "v1", "ServiceAccount", "serviceaccounts")
ROLE: Final = Kind("rbac.authorization.k8s.io", "v1", "Role", "roles")
ROLE_BINDING: Final = Kind("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings")
CRON_JOB: Final = Kind("batch", "v1", "CronJob", "cronjobs")
PROMETHEUS_RULE: Final = Kind("monitoring.coreos.com", "v1", "PrometheusRule", "prometheusrules")
POD_MONITOR: Final = Kind("monitoring.coreos.com", "v1", "PodMonitor", "podmonitors")
ALERTMANAGER_CONFIG: Final = Kind(
    "monitoring.coreos.com", "v1alpha1", "AlertmanagerConfig", "alertmanagerconfigs"
)

# In the order in which they are applied: what others refer to comes first.
CHILD_KINDS: Final = (
    CONFIG_MAP,
    SERVICE_ACCOUNT,
    ROLE,
    ROLE_BINDING,
    CRON_JOB,
    POD_MONITOR,
    PROMETHEUS_RULE,
    ALERTMANAGER_CONFIG,
)
OPTIONAL_KINDS: Final = (POD_MONITOR, PROMETHEUS_RULE, ALERTMANAGER_CONFIG)

MONITOR: Final = Kind("modelmonitor.io", "v1alpha1", "ModelMonitor", "modelmonitors")
INFERENCE_SERVICE: Final = Kind("serving.kserve.io", "v1beta1", "InferenceService", "inferenceservices")
SERVICE: Final = Kind("", "v1", "Service", "services")
POD: Final = Kind("", "v1", "Pod", "pods")
DEPLOYMENT: Final = Kind("apps", "v1", "Deployment", "deployments")
JOB: Final = Kind("batch", "v1", "Job", "jobs")
EVENT: Final = Kind("events.k8s.io", "v1", "Event", "events")


@dataclass(frozen=True, slots=True)
class ObjectKey:
    """Namespace and name of an object."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Which kinds the API server serves now: those of CRDs come and go."""

    kinds: frozenset[Kind]

    def serves(self, kind: Kind) -> bool:
        """Whether objects of the kind can be made."""
        return kind in self.kinds


class Planned(Protocol):
    """One object of a plan, whose manifest may be made only when it is asked for."""

    @property
    def kind(self) -> Kind:
        """Kind of the object."""

    @property
    def name(self) -> str:
        """Name of the object."""

    @property
    def check(self) -> str | None:
        """The check that it runs, if any."""

    @property
    def digest(self) -> str:
        """Digest of the manifest."""

    @property
    def manifest(self) -> Manifest:
        """The fields that we own, and no others."""


@dataclass(frozen=True, slots=True)
class Desired:
    """One object that should exist.

    Attributes:
        manifest: the fields that we own, and no others.
        check: the check that it runs, if any.
    """

    kind: Kind
    manifest: Manifest
    check: str | None = None

    @property
    def name(self) -> str:
        """Name of the object."""
        return str(self.manifest["metadata"]["name"])

    @property
    def digest(self) -> str:
        """Digest of the manifest."""
        return digest(self.manifest)


@dataclass(frozen=True, slots=True)
class Plan:
    """What should exist for a monitor.

    Attributes:
        objects: in the order in which they are to be applied.
        missing: kinds that the spec asks for and the API server does not serve.
        keep: kinds of which nothing may be removed, because what is desired of them is not known at present.
        stock_groups: names of the rule groups that every such monitor has.
        custom_groups: names of those with an expression that a person wrote.
    """

    objects: tuple[Planned, ...]
    missing: tuple[Kind, ...] = ()
    keep: frozenset[Kind] = frozenset()
    stock_groups: frozenset[str] = frozenset()
    custom_groups: frozenset[str] = frozenset()


ALL_OF_A_KIND: Final = "(all)"
"""Stands for the name in a failure to look at a kind at all."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An object that could not be applied or removed.

    Attributes:
        message: why, in a sentence.
        after_s: after how many seconds to try again; None if nobody knows.
    """

    kind: Kind
    name: str
    message: str
    after_s: float | None = None

    def __str__(self) -> str:
        return f"{self.kind.name} {self.name}: {self.message}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What applying a plan did.

    Attributes:
        written: names of objects that were sent, as kind/name.
        pruned: names of objects that were removed, as kind/name.
    """

    written: tuple[str, ...] = ()
    pruned: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
