"""Another server of the same weights: what to install, how to start it, how to ask it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Peer:
    """One peer in one configuration.

    Attributes:
        name: for the table.
        environment: name of the virtual environment; configurations of one product share it.
        requirements: what it is made of.
        settings: the configuration in words.
        command: program (looked for in the environment first) and arguments, given (model, port, folder).
        variables: environment variables, given the same.
        prepare: makes configuration files in the folder and whatever the peer wants of the model.
        ready: path that answers 200 once the model is loaded.
        path: path to ask.
        body: request for a text.
        label: the class in a reply.
        goal: our texts/s over this peer's.
    """

    name: str
    environment: str
    requirements: Sequence[str]
    settings: str
    command: Callable[[Path, int, Path], Sequence[str]]
    ready: str
    path: str
    body: Callable[[str], Any]
    label: Callable[[Any], str]
    goal: float = 2.0
    variables: Callable[[Path, int, Path], Mapping[str, str]] = field(default=lambda _m, _p, _f: {})
    prepare: Callable[[Path, int, Path], None] = field(default=lambda _m, _p, _f: None)
