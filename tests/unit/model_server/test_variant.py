"""Settings and hardware decide which variants of a model are tried, and the exact one is always the last."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from model_server.cores import share_cores
from model_server.errors import InvalidSettings
from model_server.inference.processor import short_number_flags
from model_server.inference.variant import Hardware, candidates

GPU = Hardware(gpu=True, flags=frozenset())
NEW = Hardware(gpu=False, flags=frozenset({"avx512_bf16", "avx512_vnni"}))
VNNI = Hardware(gpu=False, flags=frozenset({"avx512_vnni"}))
OLD = Hardware(gpu=False, flags=frozenset())


@pytest.mark.parametrize(
    ("runtime", "precision", "hardware", "tried"),
    [
        ("auto", "auto", NEW, "torch-bf16 onnx-fp32 torch-fp32"),
        ("auto", "auto", VNNI, "onnx-fp32 torch-fp32"),
        ("auto", "auto", OLD, "onnx-fp32 torch-fp32"),
        ("auto", "auto", GPU, "torch-bf16 torch-fp32"),
        ("onnx", "auto", NEW, "onnx-fp32 torch-fp32"),
        ("torch", "auto", NEW, "torch-bf16 torch-fp32"),
        ("torch", "auto", OLD, "torch-fp32"),
        ("auto", "fp32", NEW, "onnx-fp32 torch-fp32"),
        ("torch", "fp32", NEW, "torch-fp32"),
        ("auto", "int8", OLD, "onnx-int8 onnx-fp32 torch-fp32"),
        ("torch", "bf16", OLD, "torch-bf16 torch-fp32"),
        ("auto", "bf16", OLD, "torch-bf16 onnx-fp32 torch-fp32"),
    ],
)
def test_the_fastest_allowed_variant_is_tried_first(
    runtime: str, precision: str, hardware: Hardware, tried: str
) -> None:
    assert " ".join(map(str, candidates(runtime, precision, hardware))) == tried  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("runtime", "precision", "hardware", "reason"),
    [
        ("onnx", "bf16", NEW, "ONNX Runtime has fp32 and int8"),
        ("torch", "int8", NEW, "int8 is ONNX Runtime's"),
        ("onnx", "auto", GPU, "MM_SERVER_DEVICE=cpu"),
        ("auto", "int8", GPU, "in bf16 or fp32"),
    ],
)
def test_what_does_not_exist_is_refused_with_the_reason(
    runtime: str, precision: str, hardware: Hardware, reason: str
) -> None:
    with pytest.raises(InvalidSettings, match=reason):
        candidates(runtime, precision, hardware)  # type: ignore[arg-type]


def test_waiting_threads_sleep_unless_the_user_wants_them_to_spin() -> None:
    environment = {"OMP_WAIT_POLICY": "ACTIVE"}
    share_cores(environment)

    assert environment == {"OMP_WAIT_POLICY": "ACTIVE", "TOKENIZERS_PARALLELISM": "false"}


def test_every_answer_ends_with_the_exact_model_and_names_nothing_twice() -> None:
    settings = itertools.product(("auto", "onnx", "torch"), ("auto", "fp32"), (NEW, VNNI, OLD))
    for runtime, precision, hardware in settings:
        tried = candidates(runtime, precision, hardware)  # type: ignore[arg-type]
        assert str(tried[-1]) == "torch-fp32"
        assert len(set(tried)) == len(tried)


@pytest.mark.parametrize(
    ("content", "flags"),
    [
        (
            "flags\t\t: fpu sse avx512_bf16 avx512_vnni amx_tile\nflags\t\t: fpu\n",
            {"avx512_bf16", "avx512_vnni"},
        ),
        ("Features\t: fp asimd bf16 i8mm\n", {"bf16", "i8mm"}),
        ("model name : something\n", set()),
        (None, set()),
    ],
)
def test_the_processors_flags_are_read(tmp_path: Path, content: str | None, flags: set[str]) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    if content is not None:
        cpuinfo.write_text(content)

    assert short_number_flags(cpuinfo) == flags
