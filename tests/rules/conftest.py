from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modelmonitor.api.v1alpha1 import ModelMonitor

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def promtool() -> Path:
    """Prometheus' own checker, built on the first call of a machine, which takes minutes."""
    found = subprocess.run([sys.executable, ROOT / "tools/promtool"], stdout=subprocess.PIPE, text=True)
    if found.returncode != 0:
        pytest.fail("promtool is missing and could not be built; tools/promtool says why, above")
    return Path(found.stdout.strip())


@pytest.fixture
def monitor_with() -> Callable[..., ModelMonitor]:
    """A monitor called sentiment in namespace ml with some parts of its spec other than the default."""

    def make(**spec: Any) -> ModelMonitor:
        return ModelMonitor.model_validate(
            {
                "apiVersion": "modelmonitor.io/v1alpha1",
                "kind": "ModelMonitor",
                "metadata": {"name": "sentiment", "namespace": "ml"},
                "spec": {
                    "target": {"inferenceService": "sentiment"},
                    "reference": {"dataset": "reviews"},
                    **spec,
                },
            }
        )

    return make
