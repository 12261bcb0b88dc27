"""The ways in which one and the same model can be run, and which of them to try first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from model_server.errors import InvalidSettings
from model_server.inference.processor import BFLOAT16

RuntimeName = Literal["onnx", "torch"]
Precision = Literal["fp32", "bf16", "int8"]


@dataclass(frozen=True, slots=True)
class Variant:
    """A runtime and the numbers that its matrix products take."""

    runtime: RuntimeName
    precision: Precision

    def __str__(self) -> str:
        return f"{self.runtime}-{self.precision}"


# What every other variant is compared with, and what runs when none of them may be used.
REFERENCE: Final = Variant("torch", "fp32")
ONNX_FP32: Final = Variant("onnx", "fp32")
ONNX_INT8: Final = Variant("onnx", "int8")
TORCH_BF16: Final = Variant("torch", "bf16")


@dataclass(frozen=True, slots=True)
class Hardware:
    """What the model will run on: a GPU, or a processor with these flags (`short_number_flags`)."""

    gpu: bool
    flags: frozenset[str]


def candidates(
    runtime: Literal["auto", "onnx", "torch"],
    precision: Literal["auto", "fp32", "bf16", "int8"],
    hardware: Hardware,
) -> tuple[Variant, ...]:
    """Variants to try in turn under these settings; the last is the reference, which is always right.

    The order is fixed by our benchmarks (docs/explanation/inference.md) instead of measured at each start:
    replicas of one deployment on equal machines must give equal scores.

    Raises:
        InvalidSettings: no variant has that runtime and that precision on this hardware.
    """
    order = _by_speed(hardware)
    offered = order[: order.index(REFERENCE) + 1] if precision == "auto" else order
    wanted = [v for v in offered if runtime in ("auto", v.runtime) and precision in ("auto", v.precision)]
    if not wanted:
        msg = (
            f"MM_SERVER_RUNTIME={runtime} and MM_SERVER_PRECISION={precision} do not go together: "
            f"{_reason(runtime, hardware)}; set one of them to auto."
        )
        raise InvalidSettings(msg)
    fallbacks = (ONNX_FP32, REFERENCE) if runtime != "torch" and ONNX_FP32 in order else (REFERENCE,)
    every = tuple(dict.fromkeys((*wanted, *fallbacks)))
    return every[: every.index(REFERENCE) + 1]


def _by_speed(hardware: Hardware) -> tuple[Variant, ...]:
    """What auto tries, fastest first; what stands behind the reference is used on demand only.

    int8 is: on the demo's model it loses 0.6 % of the labels, which built-in texts need not show.
    """
    if hardware.gpu:
        return (TORCH_BF16, REFERENCE)
    if hardware.flags & BFLOAT16:
        return (TORCH_BF16, ONNX_FP32, REFERENCE, ONNX_INT8)
    return (ONNX_FP32, REFERENCE, ONNX_INT8, TORCH_BF16)


def _reason(runtime: str, hardware: Hardware) -> str:
    if hardware.gpu:
        return "on a GPU the model runs in torch, in bf16 or fp32 (MM_SERVER_DEVICE=cpu takes the processor)"
    if runtime == "onnx":
        return "ONNX Runtime has fp32 and int8 on processors, no bf16"
    return "torch runs fp32 and bf16 here, int8 is ONNX Runtime's"
