"""The demo's model, made ready for a predictor without torch once on this machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.serving.workload import demo_model


def exported_model(kept: Path) -> Path:
    """Folder of the model for ONNX Runtime; trained and exported if it is not there yet."""
    trained = demo_model(kept)
    folder = trained.with_name(f"{trained.name}-onnx")
    if not folder.is_dir():
        command = [sys.executable, "-m", "model_server", "export"]
        subprocess.run([*command, "--model", str(trained), "--to", str(folder)], check=True)
    return folder
