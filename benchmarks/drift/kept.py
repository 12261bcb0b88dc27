"""Results by key on disk: an interrupted run goes on where it stopped, and only what changed runs again."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

_ROOT: Final = Path(__file__).parent.parent.parent
_OURS: Final = ("benchmarks", "modelmonitor")
Value = TypeVar("Value")


class NotMeasured(LookupError):
    """A result is absent and is not to be computed now."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The results of one part of a benchmark.

    Attributes:
        folder: holds a JSON file for each result.
        only_known: nothing is computed.
    """

    folder: Path
    only_known: bool = False

    def get(self, key: str, compute: Callable[[], Value]) -> Value:
        """The result with this key, computed where it is absent; a value of JSON types.

        Raises:
            NotMeasured: it is absent and nothing is to be computed.
        """
        file = self.folder / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.json"
        if file.exists():
            found: Value = json.loads(file.read_text("utf-8"))["value"]
            return found
        if self.only_known:
            raise NotMeasured(key)
        value = compute()
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = file.with_suffix(".partial")
        partial.write_text(json.dumps({"key": key, "value": value}), "utf-8")
        partial.replace(file)
        return value


def code_digest(*modules: str) -> str:
    """A short digest of the modules and of every module of ours that they import, directly or not.

    Args:
        modules: dotted names, such as "modelmonitor.detect.mmd".
    """
    found: dict[str, bytes] = {}
    _collect(modules, found)
    text = b"\0".join(name.encode() + b"\0" + found[name] for name in sorted(found))
    return hashlib.sha256(text).hexdigest()[:16]


def _collect(modules: Iterable[str], found: dict[str, bytes]) -> None:
    for module in modules:
        file = _file_of(module)
        if file is None or module in found:
            continue
        found[module] = file.read_bytes()
        _collect(_imports(ast.parse(found[module])), found)


def _file_of(module: str) -> Path | None:
    if not module.startswith(_OURS):
        return None
    path = _ROOT.joinpath(*module.split("."))
    options = (path.with_suffix(".py"), path / "__init__.py")
    return next((file for file in options if file.is_file()), None)


def _imports(tree: ast.AST) -> list[str]:
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return names
