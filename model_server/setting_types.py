"""What the settings of predictor and collector have in common: their types, and how problems are told."""

from __future__ import annotations

from typing import Annotated, Any, Final

from psycopg2 import ProgrammingError
from psycopg2.extensions import parse_dsn
from pydantic import AfterValidator, SecretStr

from model_server.errors import InvalidSettings
from modelmonitor.environment import Settings, WrongEnvironment, read_environment

MIB: Final = 1024 * 1024


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
    try:
        return read_environment(kind, **overrides)
    except WrongEnvironment as error:
        raise InvalidSettings(str(error)) from None
