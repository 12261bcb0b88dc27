"""What is wrong with a ModelMonitor that somebody wrote: where, and what to write instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake.

    Attributes:
        line: line of the text, counted from 1.
        column: column of the text, counted from 1.
        path: the field, such as spec.checks[0].window; empty for the whole text.
        message: one sentence that names the mistake and the fix.
    """

    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        """The line and the sentence."""
        return f"line {self.line}: {self.message}"


class InvalidMonitor(Exception):
    """Correct the text: it is no valid ModelMonitor.

    Attributes:
        problems: every mistake that was found, in the order of the text.
        source: where the text is from, such as a file's name.
    """

    def __init__(self, problems: Sequence[Problem], *, source: str) -> None:
        self.problems = tuple(sorted(problems))
        self.source = source
        super().__init__("\n".join(f"{source}, {problem}" for problem in self.problems))


def path_text(path: Path) -> str:
    """A path as people write it: ("spec", "checks", 0, "name") is spec.checks[0].name."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")
