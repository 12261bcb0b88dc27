"""Where the running local stack can be reached: for the other commands, readable by its owner alone."""

from __future__ import annotations

import json
import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from modelmonitor.local.errors import LocalError
from modelmonitor.store.connection import describe

_FILE = "addresses.json"


class NotRunning(LocalError):
    """No local stack runs in this data directory."""


class Addresses(BaseModel):
    """URLs of the processes of one local stack; the database URL and the score token are secrets."""

    model_config = ConfigDict(frozen=True)

    predictor_url: str
    grpc_address: str
    collector_url: str
    mlflow_url: str
    database_url: SecretStr
    score_token: SecretStr

    @property
    def database_place(self) -> str:
        """`user@host:port/database` of PostgreSQL, without its password."""
        return describe(self.database_url.get_secret_value())

    def write(self, data_dir: Path) -> None:
        """Write the file atomically with mode 0600."""
        revealed = self.model_dump() | {
            "database_url": self.database_url.get_secret_value(),
            "score_token": self.score_token.get_secret_value(),
        }
        path = data_dir / _FILE
        temporary = path.with_suffix(".new")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(revealed, file, indent=2)
        temporary.replace(path)

    @classmethod
    def read(cls, data_dir: Path) -> Addresses:
        """The addresses of the stack that runs in `data_dir`.

        Raises:
            NotRunning: no stack was started there.
        """
        try:
            return cls.model_validate_json((data_dir / _FILE).read_text())
        except (FileNotFoundError, ValidationError) as error:
            msg = (
                f"nothing runs in {data_dir}: start it with `modelmonitor up`, "
                "or name its folder with --data-dir"
            )
            raise NotRunning(msg) from error

    @staticmethod
    def forget(data_dir: Path) -> None:
        """Remove the file when the stack stops."""
        (data_dir / _FILE).unlink(missing_ok=True)
