from __future__ import annotations

from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "expected"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="accept what is rendered now")


@pytest.fixture
def golden(request: pytest.FixtureRequest):
    """Compares text with a golden file, or writes it with --update-golden."""

    def check(name: str, text: str) -> None:
        path = FOLDER / name
        if request.config.getoption("--update-golden", default=False):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        assert path.exists(), f"{path} is missing; run make golden-update"
        assert text == path.read_text(), f"{path} differs; if that is right, run make golden-update"

    return check
