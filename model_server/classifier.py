"""A Hugging Face sequence classifier as a function from texts to class probabilities and embeddings."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import torch

from model_server.checkpoint import Checkpoint
from model_server.errors import ModelUnusable
from model_server.inference.comparing import Examiner
from model_server.inference.load import Chooser, Wanted
from model_server.inference.processor import short_number_flags
from model_server.inference.runtime import Padding, padded
from model_server.inference.tokens import encoder
from model_server.inference.torch_runtime import TorchRuntime
from model_server.pretrained import load
from model_server.score import Score
from model_server.settings import ServerSettings


class Classifier:
    """A loaded model; `encode` and `forward` are called from one thread only."""

    def __init__(self, settings: ServerSettings, checkpoint: Checkpoint, *, threads: int) -> None:
        device = torch.device(_device(settings))
        torch.set_num_threads(threads)
        loaded = load(checkpoint, max_tokens=settings.max_tokens)
        self.gpu = device.type == "cuda"
        self.version = checkpoint.version
        self.classes = loaded.classes
        self.max_tokens = loaded.max_tokens
        self.encode = encoder(loaded.tokenizer, max_tokens=loaded.max_tokens)
        self._padding = Padding(loaded.tokenizer.pad_token_id, loaded.max_tokens)
        wanted = Wanted(
            runtime=settings.runtime,
            precision=settings.precision,
            device=device,
            flags=short_number_flags(),
            threads=threads,
            cache_dir=settings.model_cache_dir.expanduser() / "prepared",
        )
        chooser = Chooser(
            wanted,
            identity=_identity(checkpoint),
            fresh=_each_time_fresh(loaded.model, checkpoint),
            examiner=Examiner(self.encode, self._padding, exact=lambda: _exact(checkpoint, device)),
        )
        chosen = chooser.choose()
        self.variant = chosen.variant
        self._runtime = chosen.runtime

    def forward(self, token_ids: Sequence[Sequence[int]]) -> list[Score]:
        """One forward pass over all given texts, padded to the longest."""
        ids, mask = padded(token_ids, padding=self._padding, step=self._runtime.length_step)
        output = self._runtime.run(ids, mask)
        rows = output.probabilities.tolist()
        if output.embeddings is None:
            return [Score(tuple(row), None) for row in rows]
        halves = output.embeddings.astype("<f2")
        return [Score(tuple(row), half.tobytes()) for row, half in zip(rows, halves, strict=True)]


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


def _exact(checkpoint: Checkpoint, device: torch.device) -> TorchRuntime:
    return TorchRuntime(load(checkpoint, max_tokens=0).model, device=device, precision="fp32")


def _identity(checkpoint: Checkpoint) -> str:
    configuration = (checkpoint.directory / "config.json").read_bytes()
    return hashlib.sha256(checkpoint.weights.encode() + configuration).hexdigest()
