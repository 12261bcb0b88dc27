"""From what was found at the model's address to a classifier, importing torch only where it is needed."""

from __future__ import annotations

from model_server.checkpoint import Checkpoint
from model_server.classifier import Classifier
from model_server.errors import ModelUnusable
from model_server.prepared import PreparedModel
from model_server.settings import ServerSettings


def load_model(settings: ServerSettings, found: Checkpoint | PreparedModel, *, threads: int) -> Classifier:
    """The classifier.

    Raises:
        ModelUnusable: it cannot be run as a classifier, or not in the way that the settings ask for.
    """
    if isinstance(found, PreparedModel):
        from model_server.inference.from_prepared import load_prepared

        return load_prepared(settings, found, threads=threads)
    try:
        from model_server.inference.from_checkpoint import load_checkpoint
    except ModuleNotFoundError as error:
        msg = (
            f"{found.directory} holds weights for torch and {error.name} is not installed here; write the "
            "model for ONNX Runtime with python -m model_server export on a machine that has it, or serve it "
            "with the image that has it."
        )
        raise ModelUnusable(msg) from error
    return load_checkpoint(settings, found, threads=threads)
