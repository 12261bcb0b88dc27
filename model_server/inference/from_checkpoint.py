"""A Hugging Face checkpoint as a classifier: with torch, or exported to ONNX Runtime by it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import torch

from model_server.checkpoint import Checkpoint
from model_server.classifier import Classifier
from model_server.errors import ModelUnusable
from model_server.inference.comparing import Examiner, exact_scores
from model_server.inference.load import Chooser, Wanted
from model_server.inference.processor import short_number_flags
from model_server.inference.runtime import FloatArray, Padding
from model_server.inference.tokens import Encode, encoder
from model_server.inference.torch_runtime import TorchRuntime
from model_server.pretrained import load
from model_server.settings import ServerSettings


def load_checkpoint(settings: ServerSettings, checkpoint: Checkpoint, *, threads: int) -> Classifier:
    """The fastest variant of the checkpoint's model that is right for it.

    Raises:
        ModelUnusable: it cannot be run as a classifier.
        InvalidSettings: the settings name a variant that does not exist on this hardware.
    """
    device = torch.device(_device(settings))
    torch.set_num_threads(threads)
    loaded = load(checkpoint, max_tokens=settings.max_tokens)
    encode = encoder(loaded.tokenizer, max_tokens=loaded.max_tokens)
    padding = Padding(loaded.tokenizer.pad_token_id, loaded.max_tokens)
    wanted = Wanted(
        runtime=settings.runtime,
        precision=settings.precision,
        device=device,
        flags=short_number_flags(),
        threads=threads,
        cache_dir=settings.model_cache_dir.expanduser() / "prepared",
    )
    chosen = Chooser(
        wanted,
        identity=_identity(checkpoint),
        fresh=_each_time_fresh(loaded.model, checkpoint),
        examiner=Examiner(encode, padding, exact=_exact(checkpoint, device, encode, padding)),
    ).choose()
    return Classifier(
        runtime=chosen.runtime,
        variant=chosen.variant,
        encode=encode,
        padding=padding,
        classes=loaded.classes,
        version=checkpoint.version,
        gpu=device.type == "cuda",
    )


def _device(settings: ServerSettings) -> str:
    if settings.device == "cuda" and not torch.cuda.is_available():
        msg = "MM_SERVER_DEVICE is cuda but torch sees no GPU; use auto or cpu, or give the container a GPU."
        raise ModelUnusable(msg)
    if settings.device != "auto":
        return settings.device
    return "cuda" if torch.cuda.is_available() and settings.runtime != "onnx" else "cpu"


def _each_time_fresh(first: torch.nn.Module, checkpoint: Checkpoint) -> Callable[[], torch.nn.Module]:
    """A supplier of the model that starts with the one already loaded."""
    supply = [first]
    return lambda: supply.pop() if supply else load(checkpoint, max_tokens=0).model


def _exact(
    checkpoint: Checkpoint, device: torch.device, encode: Encode, padding: Padding
) -> Callable[[], FloatArray]:
    def scores() -> FloatArray:
        model = load(checkpoint, max_tokens=0).model
        return exact_scores(TorchRuntime(model, device=device, precision="fp32"), encode, padding=padding)

    return scores


def _identity(checkpoint: Checkpoint) -> str:
    configuration = (checkpoint.directory / "config.json").read_bytes()
    return hashlib.sha256(checkpoint.weights.encode() + configuration).hexdigest()
