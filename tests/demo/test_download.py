"""The real pip against a folder of packages instead of an index."""

from __future__ import annotations

import hashlib
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from modelmonitor.demo.download import DownloadFailed, fetch_packages

WHEEL = "demo_texts-1.0-py3-none-any.whl"


@pytest.fixture
def index(tmp_path, monkeypatch) -> Path:
    """What pip is configured to fetch from: a folder with one package."""
    folder = tmp_path / "index"
    folder.mkdir()
    write_wheel(folder / WHEEL, content="good texts")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def requirements(tmp_path, index) -> Path:
    path = tmp_path / "requirements.txt"
    path.write_text(f"demo-texts==1.0 \\\n    --hash=sha256:{sha256(index / WHEEL)}\n")
    return path


def test_the_pinned_file_is_downloaded_once_and_then_read_from_the_cache(tmp_path, index, requirements):
    first = fetch_packages(tmp_path / "cache", requirements=requirements)
    (index / WHEEL).unlink()

    assert fetch_packages(tmp_path / "cache", requirements=requirements) == first
    assert first == {"demo-texts": tmp_path / "cache" / WHEEL}


def test_a_corrupted_file_in_the_cache_is_replaced(tmp_path, index, requirements):
    cached = fetch_packages(tmp_path / "cache", requirements=requirements)["demo-texts"]
    cached.write_bytes(cached.read_bytes()[:-1] + b"x")

    fetch_packages(tmp_path / "cache", requirements=requirements)

    assert sha256(cached) == sha256(index / WHEEL)


def test_another_file_under_the_pinned_name_is_refused_and_not_kept(tmp_path, index, requirements):
    write_wheel(index / WHEEL, content="other texts")

    with pytest.raises(DownloadFailed, match=r"whose SHA-256 is not the pinned one; they were thrown away"):
        fetch_packages(tmp_path / "cache", requirements=requirements)

    assert list((tmp_path / "cache").iterdir()) == []


def test_two_callers_at_once_both_get_the_file(tmp_path, index, requirements):
    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(fetch_packages, tmp_path / "cache", requirements=requirements) for _ in range(2)]
        results = [call.result() for call in calls]

    assert results == [{"demo-texts": tmp_path / "cache" / WHEEL}] * 2
    assert sha256(tmp_path / "cache" / WHEEL) == sha256(index / WHEEL)
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [WHEEL]


def test_without_a_connection_one_sentence_says_what_to_do(tmp_path, requirements, monkeypatch):
    for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    # Port 9 (discard) of this machine: nothing listens there.
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")

    with pytest.raises(DownloadFailed) as failure:
        fetch_packages(tmp_path / "cache", requirements=requirements)

    assert str(failure.value) == (
        "the demo's texts and encoder could not be downloaded: pip reaches no index that has them. "
        "Connect to the network, or name a mirror (pip config set global.index-url URL), and run again"
    )
    assert list((tmp_path / "cache").iterdir()) == []


def write_wheel(path: Path, *, content: str) -> None:
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("demo_texts.txt", content)
        wheel.writestr(
            "demo_texts-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: demo-texts\nVersion: 1.0\n"
        )
        wheel.writestr(
            "demo_texts-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr("demo_texts-1.0.dist-info/RECORD", "")


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
