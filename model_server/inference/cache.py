"""Finished variants on disk: whole and checked, or not there at all."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

logger = logging.getLogger(__name__)

MODEL_FILE: Final = "model.onnx"
FACTS_FILE: Final = "facts.json"
# What a kill -9 left: no export takes a day.
ABANDONED_S: Final = 24 * 3600.0
# Enough to go back and forth between the last versions; each is as large as the model.
KEPT: Final = 8


class NoSuchEntry(Exception):
    """The cache does not hold it, or not as it was written: build it again."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One cached variant.

    Attributes:
        directory: holds the model file, if the variant has one.
        facts: what was found out about it when it was built, as JSON values.
    """

    directory: Path
    facts: dict[str, Any]

    @property
    def model(self) -> Path:
        """The model file."""
        return self.directory / MODEL_FILE


def read(root: Path, key: str) -> Entry:
    """The entry of that key, with its model file checked against the digest taken when it was written.

    Raises:
        NoSuchEntry: there is none, or its files changed or cannot be read.
    """
    directory = root / key
    if not directory.is_dir():
        msg = f"there is no prepared model in {directory}"
        raise NoSuchEntry(msg)
    try:
        stored = json.loads((directory / FACTS_FILE).read_text())
        facts, digest = dict(stored["facts"]), str(stored["sha256"])
        whole = digest == _digest(directory / MODEL_FILE)
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = f"the prepared model in {directory} cannot be read ({type(error).__name__})"
        raise NoSuchEntry(msg) from error
    if not whole:
        msg = f"the prepared model in {directory} is damaged"
        raise NoSuchEntry(msg)
    with suppress(OSError):  # the time of use is for pruning only, and the cache may be read-only
        os.utime(directory)
    return Entry(directory, facts)


def write(root: Path, key: str, *, facts: dict[str, Any], model: Path | None) -> None:
    """Put an entry into the cache in one step, replacing another of that key; `model` is moved there.

    Raises:
        OSError: the directory cannot be written, or the disk is full; nothing is left of the attempt.
    """
    root.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".", dir=root))
    try:
        if model is not None:
            shutil.move(model, folder / MODEL_FILE)
            _synced(folder / MODEL_FILE)
        stored = {"facts": facts, "sha256": _digest(folder / MODEL_FILE)}
        (folder / FACTS_FILE).write_text(json.dumps(stored, indent=1))
        _synced(folder / FACTS_FILE)
        shutil.rmtree(root / key, ignore_errors=True)
        folder.rename(root / key)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def prune(root: Path, *, now: float) -> None:
    """Remove the entries used longest ago beyond the newest eight, and what killed processes left."""
    try:
        entries = sorted(((p.stat().st_mtime, p) for p in root.iterdir() if p.is_dir()), reverse=True)
    except OSError:
        return
    unfinished = [p for at, p in entries if p.name.startswith(".") and now - at > ABANDONED_S]
    finished = [p for _, p in entries if not p.name.startswith(".")]
    for directory in (*unfinished, *finished[KEPT:]):
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def workspace(root: Path) -> Iterator[Path]:
    """A directory to build in, gone afterwards: on the cache's file system if that can be written."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        folder = tempfile.mkdtemp(prefix=".", dir=root)
    except OSError as error:
        folder = tempfile.mkdtemp(prefix="modelmonitor-")
        logger.warning(
            "the model cache %s cannot be written (%s): the model is prepared in %s and again at every start",
            root,
            error.strerror,
            folder,
        )
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _digest(file: Path) -> str:
    if not file.exists():
        return ""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _synced(file: Path) -> None:
    with file.open("rb") as stream:
        os.fsync(stream.fileno())
