"""What the journey puts into the cluster besides the charts."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
STACK = ROOT / "charts/modelmonitor-stack"
_HERE = Path(__file__).parent

THREE_LINES = """
apiVersion: modelmonitor.io/v1alpha1
kind: ModelMonitor
metadata: {name: sentiment, namespace: NAMESPACE}
spec:
  target: {service: sentiment, modelName: sentiment}
  reference: {dataset: movie-reviews}
"""


def images() -> list[str]:
    """The product's images as the charts name them; `make images` builds them."""
    return [
        f"ghcr.io/modelmonitor/{name}:{version('modelmonitor')}"
        for name in ("operator", "job", "predictor-onnx")
    ]


def restricted_namespace(name: str) -> dict[str, Any]:
    """Pod Security "restricted" is enforced there: no pod of ours gets in that needs more."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def manifest(name: str, namespace: str) -> str:
    """A file of the folder manifests; its pods run the image that is there already."""
    text = (_HERE / f"manifests/{name}.yaml").read_text("utf-8")
    return text.replace("IMAGE", images()[0]).replace("NAMESPACE", namespace)
