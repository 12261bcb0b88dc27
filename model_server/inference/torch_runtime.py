"""The model in torch: exact in fp32, faster in half precision on processors and GPUs that have it."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import numpy as np
import torch

from model_server.cores import give_way
from model_server.inference.outputs import WithEmbedding
from model_server.inference.packed import Packed, arguments, can_be_packed
from model_server.inference.runtime import IntArray, Output
from model_server.inference.shares import share_out
from model_server.inference.variant import Precision

logger = logging.getLogger(__name__)

Forward = Callable[..., tuple[torch.Tensor, ...]]

# Whole tensor-core tiles on a GPU; on a processor few shapes, as oneDNN makes machine code for each.
LENGTH_STEP: Final = 8


class TorchRuntime:
    """A transformers classifier on one device; `model` is converted in place."""

    def __init__(self, model: torch.nn.Module, *, device: torch.device, precision: Precision) -> None:
        half = precision != "fp32"
        converted = model.to(device=device, dtype=_half(device) if half else torch.float32)
        module = WithEmbedding(converted).eval()
        # What runs in fp32 is what others are compared with: the model as transformers wrote it.
        short = half and device.type == "cpu"
        self._threads = torch.get_num_threads()
        self._packed = _packed(module) if short and can_be_packed(converted) else None
        self._cores = ThreadPoolExecutor(self._threads, thread_name_prefix="core", initializer=give_way)
        self._padded: Forward = traced(module, _padded_example()) if short else module
        self._device = device
        self.length_step = LENGTH_STEP if device.type == "cuda" or short else 1

    @property
    def packs(self) -> bool:
        """Whether texts of any lengths share a pass at no cost of padding."""
        return self._packed is not None

    def run(self, ids: IntArray, mask: IntArray) -> Output:
        """One forward pass; softmax and mean are taken in fp32 whatever the model's own numbers."""
        # A text alone has no padding, and no use for what packing costs.
        if self._packed is None or len(ids) == 1:
            return self._whole(ids, mask)
        return self._in_parts(self._packed, ids, mask)

    def _whole(self, ids: IntArray, mask: IntArray) -> Output:
        _use_threads(self._threads)
        with torch.inference_mode():
            return _output(self._padded(self._moved(ids), self._moved(mask)))

    def _in_parts(self, packed: Forward, ids: IntArray, mask: IntArray) -> Output:
        """A share of the texts for each core: those that share operations wait for each other in each."""
        lengths = mask.sum(axis=1)
        shares = share_out(lengths.tolist(), parts=self._threads)
        cut = [(ids[share, : lengths[share].max()], mask[share, : lengths[share].max()]) for share in shares]
        parts = list(self._cores.map(lambda part: _alone(packed, *part), cut))
        order = np.argsort(np.concatenate(shares))
        embeddings = [part.embeddings for part in parts if part.embeddings is not None]
        return Output(
            np.concatenate([part.probabilities for part in parts])[order],
            np.concatenate(embeddings)[order] if embeddings else None,
        )

    def _moved(self, array: IntArray) -> torch.Tensor:
        tensor = torch.from_numpy(array)
        if self._device.type == "cpu":
            return tensor
        # Only pinned memory is copied while the GPU computes.
        return tensor.pin_memory().to(self._device, non_blocking=True)


def _alone(packed: Forward, ids: IntArray, mask: IntArray) -> Output:
    _use_threads(1)
    with torch.inference_mode():
        return _output(packed(*arguments(ids, mask)))


def _output(results: tuple[torch.Tensor, ...]) -> Output:
    logits, *embedding = results
    # One copy from the device instead of two: each waits for everything queued before it.
    result: Any = torch.cat([logits.softmax(dim=-1), *embedding], dim=1).cpu().numpy()
    classes = logits.shape[1]
    return Output(result[:, :classes], result[:, classes:] if embedding else None)


def _use_threads(wanted: int) -> None:
    """Threads that share an operation: the calling thread's own setting, at first what any set last."""
    if torch.get_num_threads() != wanted:
        torch.set_num_threads(wanted)


def _packed(module: WithEmbedding) -> Forward | None:
    """The packed graph; none where tracing fails, as what runs in Python cannot run on two cores at once."""
    graph = traced(Packed(module).eval(), arguments(*(part.numpy() for part in _padded_example())))
    return graph if isinstance(graph, torch.jit.ScriptModule) else None


def _padded_example() -> tuple[torch.Tensor, torch.Tensor]:
    ids = torch.ones((3, 12), dtype=torch.int64)
    mask = ids.clone()
    mask[0, 9:] = 0
    return ids, mask


def traced(module: torch.nn.Module, example: tuple[torch.Tensor, ...]) -> Forward:
    """The module as one TorchScript graph, or itself where that fails.

    The graph runs without Python: a short text alone takes a third less, and the event loop keeps the
    interpreter. A graph that is wrong for other shapes than the traced one fails the comparison with fp32.
    """
    try:
        with torch.inference_mode(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            graph: Forward = torch.jit.trace(module, example, check_trace=False)  # type: ignore[no-untyped-call]
    except Exception as error:  # noqa: BLE001  # an unusual architecture makes torch raise whatever it pleases
        logger.info("the model cannot be traced (%s) and runs in Python", type(error).__name__)
        return module
    return graph


def _half(device: torch.device) -> torch.dtype:
    # GPUs before Ampere multiply float16 fast and bfloat16 not at all.
    old_gpu = device.type == "cuda" and not torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.float16 if old_gpu else torch.bfloat16
