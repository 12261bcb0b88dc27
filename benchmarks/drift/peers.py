"""The peers' own environment: they pin numpy and pandas to versions that we need not follow."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

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
    """The peers' environment cannot be made; the message holds the installer's words."""


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
