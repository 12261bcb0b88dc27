"""Whatever a valid spec says, its objects are what a real API server accepts and keeps as they are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.cluster.difference import is_current, stamped
from controller.desired.defaults import Defaults
from controller.desired.plan import plan
from controller.manifest import CHILD_KINDS, Capabilities
from modelmonitor.api.json_as_yaml import json_as_yaml
from modelmonitor.api.v1alpha1 import ModelMonitor

EVERYTHING = Capabilities(frozenset(CHILD_KINDS))
DEFAULTS = Defaults(job_image="example.com/job:1", prometheus_labels={"release": "monitoring"})

names = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", fullmatch=True)
check_names = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?", fullmatch=True)
schedules = st.sampled_from(["7 2 * * *", "@hourly", "*/5 9-17 * * MON-FRI", "0 0 1 JAN *", "0 6 * * 0"])
amounts = st.from_regex(r"[1-9][0-9]{0,3}(\.[0-9]{1,3})?(Ki|Mi|Gi|k|M|G)?", fullmatch=True)
cpus = st.from_regex(r"[1-9][0-9]{0,1}(\.[0-9]{1,3})?|[1-9][0-9]{0,4}m", fullmatch=True)
tolerations = st.fixed_dictionaries(
    {"operator": st.just("Exists")},
    optional={
        "key": st.sampled_from(["gpu", "example.com/batch"]),
        "effect": st.sampled_from(["", "NoSchedule", "PreferNoSchedule"]),
    },
)
checks = st.builds(
    lambda name, kind, schedule, zone: {"name": name, "type": kind, "schedule": schedule, "timeZone": zone},
    check_names,
    st.sampled_from(["data", "concept", "performance"]),
    schedules,
    st.sampled_from(["Etc/UTC", "Europe/Berlin", "America/New_York"]),
)
expressions = st.text(min_size=1, max_size=4096).filter(lambda text: text.strip(" \t\r\n"))
overrides = st.fixed_dictionaries(
    {"alert": st.sampled_from(["ModelLatencyHigh", "ModelDriftDetected", "NoSuchAlert"])},
    optional={"for": st.just("0m"), "severity": st.just("info"), "expr": expressions},
).filter(lambda override: len(override) > 1)
specs = st.fixed_dictionaries(
    {
        "target": st.just({"podSelector": {"matchLabels": {"app": "x"}}, "modelName": "m"}),
        "reference": st.just({"dataset": "reviews"}),
        "checks": st.lists(checks, min_size=1, max_size=4, unique_by=lambda check: check["name"]),
    },
    optional={
        "suspend": st.booleans(),
        "job": st.fixed_dictionaries(
            {},
            optional={
                "resources": st.fixed_dictionaries(
                    {
                        "requests": st.just({}) | st.fixed_dictionaries({"cpu": cpus, "memory": amounts}),
                        "limits": st.just({}),
                    }
                ),
                "activeDeadline": st.sampled_from(["1s", "30m", "2h"]),
                "backoffLimit": st.integers(0, 10),
                "serviceAccountName": st.just("theirs"),
                "nodeSelector": st.just({"kubernetes.io/arch": "amd64"}),
                "tolerations": st.lists(tolerations, max_size=2),
            },
        ),
        "alerts": st.fixed_dictionaries(
            {},
            optional={
                "labels": st.just({"team": "a"}),
                "overrides": st.lists(overrides, max_size=3, unique_by=lambda override: override["alert"]),
                "notify": st.just(
                    {
                        "slack": {"channel": "#x", "webhook": {"secretName": "s"}},
                        "email": {"to": "a@example.com"},
                        "minSeverity": "critical",
                    }
                ),
            },
        ),
    },
)


@pytest.fixture
def owner(namespace: Any, monitor: dict[str, Any], prometheus_operator: None) -> dict[str, Any]:
    return namespace.create("ModelMonitor", monitor)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(name=names, spec=specs)
def test_any_valid_spec_gives_objects_that_the_api_server_keeps_unchanged(
    namespace: Any, owner: dict[str, Any], name: str, spec: dict[str, Any]
) -> None:
    metadata = {"name": name, "namespace": namespace.name, "uid": owner["metadata"]["uid"]}
    head = {"apiVersion": "modelmonitor.io/v1alpha1", "kind": "ModelMonitor"}
    monitor = ModelMonitor.model_validate({**head, "metadata": metadata, "spec": spec})

    planned = plan(monitor, pods={"app": "x"}, capabilities=EVERYTHING, defaults=DEFAULTS)

    for desired in planned.objects:
        manifest = stamped(desired.manifest)
        answer = namespace.http.patch(
            namespace.path(desired.kind.name, desired.name),
            content=json_as_yaml(manifest),
            params={"fieldManager": "test", "force": "true", "fieldValidation": "Strict", "dryRun": "All"},
            headers={"Content-Type": "application/apply-patch+yaml"},
        )
        assert answer.is_success, f"{desired.kind.name} {desired.name}: {answer.text}"
        assert is_current(manifest, answer.json()), f"{desired.kind.name}: {manifest} became {answer.text}"
