"""What the settings of predictor and collector have in common: their types, and how problems are told."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, TypeVar

from psycopg2 import ProgrammingError
from psycopg2.extensions import parse_dsn
from pydantic import AfterValidator, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsError

from model_server.errors import InvalidSettings

MIB: Final = 1024 * 1024

Settings = TypeVar("Settings", bound=BaseSettings)


def _is_postgresql(url: SecretStr) -> SecretStr:
    try:
        parse_dsn(url.get_secret_value())
    except ProgrammingError:
        msg = "not an address of PostgreSQL; write postgresql://user:password@host:port/name"
        raise ValueError(msg) from None
    return url


DatabaseUrl = Annotated[SecretStr, AfterValidator(_is_postgresql)]


def settings_from_environment(kind: type[Settings], **overrides: Any) -> Settings:  # noqa: ANN401  # of any type
    """The settings from the environment, with `overrides` winning.

    Raises:
        InvalidSettings: naming each variable, its problem, and never the value of a secret.
    """
    prefix = kind.model_config.get("env_prefix", "")
    try:
        return kind(**overrides)
    except ValidationError as error:
        told = "; ".join(_problem(prefix, each["loc"], each["msg"]) for each in error.errors())
    except SettingsError as error:
        told = _not_json(kind, prefix, str(error))
    raise InvalidSettings(f"these settings cannot be used: {told}.")


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
