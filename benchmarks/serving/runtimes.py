"""`python -m benchmarks.serving.runtimes`: each way to run the demo's model against plain fp32 torch.

The base is the model as transformers runs it by itself: fp32, eager attention. All sides get the same batches
of length-sorted held-out reviews, in turns, so that what else the machine does falls on all of them alike.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from transformers import AutoModelForSequenceClassification

from benchmarks.report import Table
from benchmarks.serving.offline import sorted_batches
from benchmarks.serving.workload import CACHE, demo_model
from model_server.checkpoint import find_checkpoint
from model_server.cores import allowed_cores
from model_server.inference.block_int8 import quantize
from model_server.inference.comparing import Examiner, exact_scores
from model_server.inference.onnx_export import export
from model_server.inference.onnx_runtime import OnnxRuntime
from model_server.inference.runtime import Padding, Runtime, padded
from model_server.inference.tokens import encoder
from model_server.inference.torch_runtime import TorchRuntime
from model_server.pretrained import Pretrained, load
from modelmonitor.demo.champion import fetch_data

BASE: Final = "torch fp32, eager attention"
COLUMNS: Final = (
    "runtime",
    "texts/s",
    "to the base, wall",
    "to the base, CPU time",
    "labels as fp32",
    "accuracy",
    "may be used (labels, shift by the batch)",
)
CPU: Final = torch.device("cpu")


@dataclass(frozen=True, slots=True)
class Work:
    """What every runtime is given: token ids in batches, and the right labels by position."""

    tokens: Sequence[Sequence[int]]
    batches: Sequence[Sequence[int]]
    padding: Padding
    labels: npt.NDArray[np.int64]


def main(arguments: Sequence[str]) -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="benchmarks.serving.runtimes")
    parser.add_argument("--rounds", type=int, default=5, help="passes of each runtime over all texts")
    parser.add_argument("--texts", type=int, default=2000, help="how many of the held-out reviews")
    options = parser.parse_args(arguments)
    torch.set_num_threads(allowed_cores())
    directory = demo_model()
    loaded = _loaded(directory)
    encode = encoder(loaded.tokenizer, max_tokens=loaded.max_tokens)
    padding = Padding(loaded.tokenizer.pad_token_id, loaded.max_tokens)
    reviews = fetch_data(CACHE / "downloads").reviews.held_out[: options.texts]
    tokens = encode([review.text for review in reviews])
    batches = sorted_batches([len(row) for row in tokens], texts=64, tokens=1024)
    labels = np.array([loaded.classes.index(review.label) for review in reviews])
    examiner = Examiner(
        encode, padding, exact=lambda: exact_scores(_torch(directory, "fp32"), encode, padding=padding)
    )
    with tempfile.TemporaryDirectory() as folder:
        runtimes = _runtimes(directory, Path(folder))
        _print_table(runtimes, Work(tokens, batches, padding, labels), examiner, rounds=options.rounds)
    return 0


def _runtimes(directory: Path, folder: Path) -> dict[str, Runtime]:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    export(_loaded(directory).model, folder / "fp32.onnx")
    quantize(folder / "fp32.onnx", folder / "blocks.onnx")
    quantize_dynamic(
        folder / "fp32.onnx", folder / "dynamic.onnx", per_channel=True, weight_type=QuantType.QInt8
    )
    eager = AutoModelForSequenceClassification.from_pretrained(directory, attn_implementation="eager")
    return {
        BASE: TorchRuntime(eager, device=CPU, precision="fp32"),
        "torch-fp32 (the exact model here)": _torch(directory, "fp32"),
        "torch-bf16, traced": _torch(directory, "bf16"),
        "onnx-fp32": OnnxRuntime(folder / "fp32.onnx", threads=allowed_cores()),
        "onnx-int8, blocks of 64 by row": OnnxRuntime(folder / "blocks.onnx", threads=allowed_cores()),
        "ONNX Runtime's dynamic int8": OnnxRuntime(folder / "dynamic.onnx", threads=allowed_cores()),
    }


def _loaded(directory: Path) -> Pretrained:
    return load(find_checkpoint(directory, source=str(directory)), max_tokens=0)


def _torch(directory: Path, precision: str) -> Runtime:
    return TorchRuntime(_loaded(directory).model, device=CPU, precision=precision)  # type: ignore[arg-type]


def _print_table(runtimes: dict[str, Runtime], work: Work, examiner: Examiner, *, rounds: int) -> None:
    scores = {name: _scores(runtime, work) for name, runtime in runtimes.items()}
    wall: dict[str, list[float]] = {name: [] for name in runtimes}
    cpu: dict[str, list[float]] = {name: [] for name in runtimes}
    for _ in range(rounds):
        for name, runtime in runtimes.items():
            seconds, cpu_seconds = _timed(lambda runtime=runtime: _scores(runtime, work))  # type: ignore[misc]
            wall[name].append(seconds)
            cpu[name].append(cpu_seconds)
    rows = []
    for name, runtime in runtimes.items():
        agreement = examiner.examine(runtime)
        labels = scores[name].argmax(axis=1)
        allowed = "yes" if agreement.passes else "no"
        rows.append(
            (
                name,
                f"{len(work.tokens) / statistics.median(wall[name]):.0f}",
                _ratio(wall, name),
                _ratio(cpu, name),
                f"{(labels == scores[BASE].argmax(axis=1)).mean():.2%}",
                f"{(labels == work.labels).mean():.2%}",
                f"{allowed} ({agreement.labels:.2%}, {agreement.batch_shift:.4f})",
            )
        )
    sys.stdout.write(Table(COLUMNS, rows).markdown() + "\n")


def _ratio(seconds: dict[str, list[float]], name: str) -> str:
    ratios = sorted(base / own for base, own in zip(seconds[BASE], seconds[name], strict=True))
    return f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"


def _scores(runtime: Runtime, work: Work) -> npt.NDArray[np.float32]:
    result = np.zeros((len(work.tokens), 2), dtype=np.float32)
    for batch in work.batches:
        texts = [work.tokens[i] for i in batch]
        result[list(batch)] = runtime.run(
            *padded(texts, padding=work.padding, step=runtime.length_step)
        ).probabilities
    return result


def _timed(run: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - wall, time.process_time() - cpu


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
