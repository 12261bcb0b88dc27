"""Whether a path names the model that is served here."""

from __future__ import annotations

from model_server.errors import UnknownModel
from model_server.predictor import ServedModel


def check_model(model: ServedModel, name: str, *, version: str | None = None) -> None:
    """Do nothing if it does; a missing version means whichever is served.

    Raises:
        UnknownModel: naming the model or the version that is served.
    """
    if name != model.name:
        msg = f'there is no model of the name in the path; the model here is "{model.name}".'
        raise UnknownModel(msg)
    if version and version != model.version:
        msg = f'version "{version[:64]}" of {model.name} is not served here; version "{model.version}" is.'
        raise UnknownModel(msg)
