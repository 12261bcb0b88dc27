from __future__ import annotations

import re
from pathlib import Path

from controller.settings import PREFIX, OperatorSettings

ROOT = Path(__file__).parents[3]


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs/how-to/operator.md").read_text()

    documented = {name.removeprefix(PREFIX).lower() for name in re.findall(rf"{PREFIX}[A-Z_]+", page)}

    assert documented == set(OperatorSettings.model_fields)
