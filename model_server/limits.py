"""Bounds of a forward pass and of the queue before it, from the settings and the device."""

from __future__ import annotations

from typing import Final

from model_server.batch_plan import BatchLimits
from model_server.batching import QueueLimits
from model_server.settings import ServerSettings

# Starting a pass costs a GPU as much as thousands of tokens, a processor as much as a short text or two.
CPU_FIXED_TOKENS: Final = 32
GPU_FIXED_TOKENS: Final = 2048
# A GPU is not busy with less, and is through with it in some milliseconds.
GPU_DEFAULTS: Final = {
    "max_batch_texts": 512,
    "max_batch_tokens": 32_768,
    "max_queued_texts": 16_384,
    "max_queued_tokens": 1_048_576,
}


def batch_limits(settings: ServerSettings, *, gpu: bool, packed: bool) -> BatchLimits:
    """Bounds and price of one forward pass on this device, of a model whose texts share rows or do not."""
    return BatchLimits(
        texts=_limit(settings, "max_batch_texts", gpu=gpu),
        tokens=_limit(settings, "max_batch_tokens", gpu=gpu),
        fixed_tokens=GPU_FIXED_TOKENS if gpu else CPU_FIXED_TOKENS,
        packed=packed,
    )


def queue_limits(settings: ServerSettings, *, gpu: bool) -> QueueLimits:
    """What may wait."""
    return QueueLimits(
        texts=_limit(settings, "max_queued_texts", gpu=gpu),
        tokens=_limit(settings, "max_queued_tokens", gpu=gpu),
    )


def _limit(settings: ServerSettings, name: str, *, gpu: bool) -> int:
    """What the user set; else the device's default, of which the settings hold the processor's."""
    if gpu and name not in settings.model_fields_set:
        return GPU_DEFAULTS[name]
    limit: int = getattr(settings, name)
    return limit
