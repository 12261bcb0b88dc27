"""A model folder that needs no torch: a graph for ONNX Runtime, its tokenizer, proof that it is right."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from model_server.errors import ModelUnusable, TargetTaken
from model_server.inference.agreement import Agreement

MANIFEST: Final = "modelmonitor-onnx.json"
MODEL: Final = "model.onnx"
TOKENIZER: Final = "tokenizer.json"


class Manifest(BaseModel):
    """What the folder holds.

    Attributes:
        format: of this file.
        version: of the model, as the predictor would name it from its weights.
        weights: SHA-256 of the weights that were exported, in hex.
        classes: names in the order of the probabilities.
        max_tokens: tokens of a text that the model reads.
        padding_token: id that fills shorter texts.
        truncation_side: where longer texts are cut.
        precision: numbers of the matrix products.
        flags: short-number instructions of the processor on which it was compared with the exact model.
        agreement: the outcome of that comparison.
        exact: (556, classes) probabilities of the exact model for the built-in texts, to compare again.
        made_with: versions of the packages that wrote it.
        sha256: digest of each file beside this one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1]
    version: str = Field(min_length=1)
    weights: str
    classes: tuple[str, ...] = Field(min_length=2)
    max_tokens: int = Field(ge=1)
    padding_token: int = Field(ge=0)
    truncation_side: Literal["left", "right"]
    precision: Literal["fp32", "int8"]
    flags: frozenset[str]
    agreement: Agreement
    exact: tuple[tuple[float, ...], ...]
    made_with: Mapping[str, str]
    sha256: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PreparedModel:
    """A folder with its manifest, before the other files are looked at."""

    directory: Path
    manifest: Manifest


def read_prepared(directory: Path) -> PreparedModel | None:
    """The prepared model in a directory, None if it holds none.

    Raises:
        ModelUnusable: there is a manifest, but not of this version's form.
    """
    file = directory / MANIFEST
    if not file.is_file():
        return None
    try:
        return PreparedModel(directory, Manifest.model_validate_json(file.read_bytes()))
    except (OSError, ValidationError) as error:
        msg = (
            f"{file} cannot be read as this version writes it ({type(error).__name__}); write the folder "
            "again with python -m model_server export."
        )
        raise ModelUnusable(msg) from error


def check_whole(prepared: PreparedModel) -> None:
    """Do nothing if the files are those that were written.

    Raises:
        ModelUnusable: one is missing or differs.
    """
    for name in (MODEL, TOKENIZER):
        file = prepared.directory / name
        if not file.is_file() or digest_of(file) != prepared.manifest.sha256.get(name):
            msg = f"{file} is missing or damaged; write the folder again with python -m model_server export."
            raise ModelUnusable(msg)


def write_prepared(target: Path, manifest: Manifest, files: Mapping[str, Path]) -> None:
    """Make the folder in one step: it is there with all files, or not at all.

    Args:
        target: must not exist, or be empty.
        manifest: its `sha256` must be that of the files.
        files: by name; they are moved.

    Raises:
        TargetTaken: something is there already.
        OSError: the disk cannot be written, or is full; nothing is left of the attempt.
    """
    check_free_target(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        for name, file in files.items():
            shutil.move(file, folder / name)
        (folder / MANIFEST).write_text(manifest.model_dump_json(indent=1))
        for file in folder.iterdir():
            with file.open("rb") as stream:
                os.fsync(stream.fileno())
            file.chmod(0o644)
        # The container's user is another one than the one who exports.
        folder.chmod(0o755)
        folder.rename(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def check_free_target(target: Path) -> None:
    """Do nothing if the folder can be made there.

    Raises:
        TargetTaken: something is there already.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise TargetTaken(f"{target} exists and is not empty; name a new directory with --to.")


def digest_of(file: Path) -> str:
    """SHA-256 of a file, in hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
