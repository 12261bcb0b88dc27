"""A prepared model is in the cache whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from model_server.inference import cache

FACTS = {"labels": 1.0}


def model(tmp_path: Path, content: bytes = b"weights") -> Path:
    file = tmp_path / "exported.onnx"
    file.write_bytes(content)
    return file


def test_what_was_written_is_read(tmp_path: Path) -> None:
    root = tmp_path / "cache"
    cache.write(root, "onnx-fp32-1", facts=FACTS, model=model(tmp_path))
    cache.write(root, "torch-bf16-1", facts=FACTS, model=None)

    entry = cache.read(root, "onnx-fp32-1")
    assert (entry.facts, entry.model.read_bytes()) == (FACTS, b"weights")
    assert cache.read(root, "torch-bf16-1").facts == FACTS
    assert sorted(path.name for path in root.iterdir()) == ["onnx-fp32-1", "torch-bf16-1"]


def test_writing_again_replaces(tmp_path: Path) -> None:
    for content in (b"old", b"new"):
        cache.write(tmp_path / "cache", "key", facts=FACTS, model=model(tmp_path, content))

    assert cache.read(tmp_path / "cache", "key").model.read_bytes() == b"new"


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("model.onnx", b"weight"),
        ("model.onnx", None),
        ("facts.json", b'{"facts": {"labels"'),
        ("facts.json", b"[]"),
        ("facts.json", None),
    ],
)
def test_a_damaged_entry_is_not_used(tmp_path: Path, file: str, content: bytes | None) -> None:
    cache.write(tmp_path, "key", facts=FACTS, model=model(tmp_path))
    damaged = tmp_path / "key" / file
    damaged.unlink() if content is None else damaged.write_bytes(content)

    with pytest.raises(cache.NoSuchEntry, match="prepared model in"):
        cache.read(tmp_path, "key")


def test_a_missing_entry_is_told(tmp_path: Path) -> None:
    with pytest.raises(cache.NoSuchEntry, match="there is no prepared model"):
        cache.read(tmp_path, "key")


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="gone"):
        cache.write(tmp_path / "cache", "key", facts=FACTS, model=tmp_path / "gone")

    assert list((tmp_path / "cache").iterdir()) == []


def test_the_workspace_goes_away_with_what_is_in_it(tmp_path: Path) -> None:
    with cache.workspace(tmp_path / "cache") as folder:
        (folder / "half.onnx").touch()

    assert list((tmp_path / "cache").iterdir()) == []


def test_without_a_place_for_the_cache_the_temporary_directory_serves(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    with cache.workspace(tmp_path / "file" / "cache") as folder:
        assert folder.is_dir()

    assert "cannot be written (Not a directory)" in caplog.text


def test_old_entries_and_abandoned_ones_are_removed(tmp_path: Path) -> None:
    now = 1_000_000.0
    for age in range(cache.KEPT + 2):
        (tmp_path / f"key-{age}").mkdir()
        os.utime(tmp_path / f"key-{age}", (now - age, now - age))
    for name, age in ((".killed", 2 * cache.ABANDONED_S), (".being-built", 60.0)):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (now - age, now - age))

    cache.prune(tmp_path, now=now)

    kept = {f"key-{age}" for age in range(cache.KEPT)} | {".being-built"}
    assert {path.name for path in tmp_path.iterdir()} == kept
