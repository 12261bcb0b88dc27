"""The peers' own environment: they pin numpy and pandas to versions that we need not follow."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

PACKAGES: Final = (
    "evidently==0.7.23",
    "nannyml==0.13.1",
    "frouros==0.9.0",
    # evidently 0.7.23 does not start with pandas 3, frouros needs scipy < 1.15.
    "pandas<3",
    "numpy<2",
    "scipy<1.15",
)
_UV: Final = Path(".cache/uv/bin/uv")


class PeersMissing(RuntimeError):
    """The peers' environment cannot be made or fails; the message holds the tool's words."""


def peers_python(cache: Path) -> Path:
    """The interpreter of an environment with the peers in it, made where it is absent (half a minute).

    Raises:
        PeersMissing: the packages cannot be installed.
    """
    folder = cache / "peers"
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        _run([*_command(), "venv", "--quiet", "--python", sys.executable, str(folder)])
        _run([*_command(), "pip", "install", "--quiet", "--python", str(python), *PACKAGES])
        (folder / "complete").touch()
    return python.absolute()


def run_in_peers(
    script: Path, arrays: Mapping[str, npt.NDArray[Any]], *arguments: str, cache: Path
) -> npt.NDArray[np.float64]:
    """What `python SCRIPT PLAN.npz ARGUMENTS… RESULT.npy` leaves in its result, in the peers' environment.

    Raises:
        PeersMissing: the environment cannot be made, or the script fails.
    """
    python = peers_python(cache)
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        plan, target = Path(folder) / "plan.npz", Path(folder) / "result.npy"
        np.savez(plan, **arrays)
        # -P: a module of this folder must not stand for one of the standard library.
        done = subprocess.run(
            [str(python), "-P", str(script), str(plan), *arguments, str(target)],
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
            env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": ""},
        )
        if done.returncode:
            msg = f"{script.name} {' '.join(arguments)} failed: {done.stderr[-800:]}"
            raise PeersMissing(msg)
        return np.asarray(np.load(target), dtype=np.float64)


def _command() -> list[str]:
    return [str(_UV)] if _UV.exists() else ["uv"]


def _run(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError as error:
        msg = f"{command[0]} is not installed: run make .cache/uv/bin/uv"
        raise PeersMissing(msg) from error
    except subprocess.CalledProcessError as error:
        msg = f"{' '.join(command[:3])} failed: {error.stderr[-500:]}"
        raise PeersMissing(msg) from error
