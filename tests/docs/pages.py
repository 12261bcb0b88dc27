"""The pages of the documentation as blocks of code: what readers copy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("docs/**/*.md"), ROOT / "README.md"])
MINIMAL = ROOT / "manifests/samples/minimal.yaml"
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True)
class Block:
    """A fenced block, or a span of code in a sentence (language None)."""

    page: Path
    line: int
    language: str | None
    text: str
    sentence: str = ""

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for match in _FENCE.finditer(text):
        yield Block(page, text[: match.start()].count("\n") + 1, match[1], match[2])
    # Blanked and not removed, so that line numbers stay.
    prose = _FENCE.sub(lambda match: "\n" * match[0].count("\n"), text)
    for number, line in enumerate(prose.splitlines(), start=1):
        for span in _CODE.finditer(line):
            yield Block(page, number, None, span[1].replace("\\|", "|"), line)


BLOCKS = [block for page in PAGES for block in blocks(page)]
