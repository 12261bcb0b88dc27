"""Settings of any process from its environment variables, and what is wrong with them in sentences."""

from __future__ import annotations

import re
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsError

Settings = TypeVar("Settings", bound=BaseSettings)


class WrongEnvironment(Exception):
    """Correct the variables that the message names."""


def read_environment(kind: type[Settings], **overrides: Any) -> Settings:  # noqa: ANN401  # of any type
    """The settings from the environment, with `overrides` winning.

    Raises:
        WrongEnvironment: naming each variable, its problem, and never the value of a secret.
    """
    prefix = kind.model_config.get("env_prefix", "")
    try:
        return kind(**overrides)
    except ValidationError as error:
        told = "; ".join(_problem(prefix, each["loc"], each["msg"]) for each in error.errors())
    except SettingsError as error:
        told = _not_json(kind, prefix, str(error))
    raise WrongEnvironment(f"these settings cannot be used: {told}.")


def _problem(prefix: str, place: tuple[str | int, ...], message: str) -> str:
    message = message.removeprefix("Value error, ")
    return f"{prefix}{'.'.join(map(str, place)).upper()}: {message}" if place else message


def _not_json(kind: type[BaseSettings], prefix: str, message: str) -> str:
    """Pydantic's message names the field in quotes; its cause would quote the value."""
    found = re.search(r'field "(\w+)"', message)
    if found is None:
        return message
    examples = kind.model_fields[found[1]].examples or ["{}"]
    return f"{prefix}{found[1].upper()}: it is not JSON like {examples[0]}"
