from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from modelmonitor.api.v1alpha1 import ModelMonitor


@pytest.fixture
def monitor_with() -> Callable[..., ModelMonitor]:
    """A monitor called sentiment in namespace ml with some parts of its spec other than the default."""

    def make(**spec: Any) -> ModelMonitor:
        return ModelMonitor.model_validate(
            {
                "apiVersion": "modelmonitor.io/v1alpha1",
                "kind": "ModelMonitor",
                "metadata": {
                    "name": "sentiment",
                    "namespace": "ml",
                    "uid": "u-1",
                    "generation": 4,
                    "creationTimestamp": "2026-08-01T12:00:00Z",
                },
                "spec": {
                    "target": {"inferenceService": "sentiment"},
                    "reference": {"dataset": "reviews"},
                    **spec,
                },
            }
        )

    return make
