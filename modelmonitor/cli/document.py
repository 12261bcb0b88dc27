"""Values as JSON or YAML with a version, so that scripts can rely on the fields."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from io import StringIO
from pathlib import Path
from typing import Any, Final

from modelmonitor.cli.errors import WrongInput
from modelmonitor.cli.model import API_VERSION

FORMATS: Final = ("table", "wide", "json", "yaml")


def check_format(output: str, *, allowed: Sequence[str] = FORMATS) -> None:
    """Refuse an output format that a command does not have.

    Raises:
        WrongInput: naming those that it has.
    """
    if output not in allowed:
        msg = f"{output!r} is not an output format: choose {', '.join(allowed)}"
        raise WrongInput(msg)


def document(kind: str, items: Sequence[Any], *, output: str) -> str:
    """A list of values as one document.

    Args:
        kind: of the list, such as StatusList.
        items: frozen dataclasses; a property `state` or `next_command` becomes a field too.
        output: json or yaml.
    """
    content = {"apiVersion": API_VERSION, "kind": kind, "items": [plain(each) for each in items]}
    if output == "json":
        return json.dumps(content, indent=2, ensure_ascii=False)
    from ruamel.yaml import YAML

    writer, text = YAML(), StringIO()
    writer.default_flow_style = False
    writer.dump(content, text)
    return text.getvalue().rstrip("\n")


def write_or_print(text: str, out: Path | None) -> None:
    """Print a text, or write it into a file and say so on standard error.

    Raises:
        WrongInput: the file cannot be written.
    """
    if out is None:
        print(text)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        msg = f"cannot write {out}: {error.strerror}"
        raise WrongInput(msg) from None
    print(f"wrote {out}", file=sys.stderr)


def plain(value: Any) -> Any:  # noqa: ANN401 - any value
    """A value as JSON types, with names in camelCase and times in UTC."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [each.name for each in dataclasses.fields(value)]
        names += [name for name in ("state", "next_command", "accuracy") if name not in names]
        return {_camel(name): plain(getattr(value, name)) for name in names if hasattr(value, name)}
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(each) for each in value]
    return value


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(each.capitalize() for each in others)
