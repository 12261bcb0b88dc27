"""What an exported model folder is made of, with torch and transformers at hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch

from model_server.checkpoint import Checkpoint
from model_server.cores import allowed_cores
from model_server.errors import ModelUnusable
from model_server.inference.agreement import Agreement
from model_server.inference.comparing import Examiner, exact_scores
from model_server.inference.load import export_variant
from model_server.inference.onnx_runtime import OnnxRuntime
from model_server.inference.processor import short_number_flags
from model_server.inference.runtime import FloatArray, Padding
from model_server.inference.tokens import encoder
from model_server.inference.torch_runtime import TorchRuntime
from model_server.inference.variant import ONNX_FP32, ONNX_INT8
from model_server.pretrained import load
from model_server.settings import ServerSettings


@dataclass(frozen=True, slots=True, eq=False)
class Exported:
    """Files in the working folder and what the manifest says of them."""

    model: Path
    tokenizer: Path
    classes: tuple[str, ...]
    max_tokens: int
    padding_token: int
    truncation_side: Literal["left", "right"]
    flags: frozenset[str]
    agreement: Agreement
    exact: FloatArray


def exported(settings: ServerSettings, checkpoint: Checkpoint, folder: Path) -> Exported:
    """Export the checkpoint's model into `folder` and compare it with the exact one on this processor.

    Raises:
        ModelUnusable: it is no classifier, has no Rust tokenizer, or cannot be exported.
    """
    threads = settings.torch_threads or allowed_cores()
    torch.set_num_threads(threads)
    loaded = load(checkpoint, max_tokens=settings.max_tokens)
    rust = _rust_tokenizer(loaded.tokenizer, checkpoint)
    rust.save(str(folder / "tokenizer.json"))
    encode = encoder(loaded.tokenizer, max_tokens=loaded.max_tokens)
    padding = Padding(loaded.tokenizer.pad_token_id, loaded.max_tokens)
    exact = exact_scores(
        TorchRuntime(loaded.model, device=torch.device("cpu"), precision="fp32"), encode, padding=padding
    )
    variant = ONNX_INT8 if settings.precision == "int8" else ONNX_FP32
    try:
        file = export_variant(loaded.model, variant, folder)
        runtime = OnnxRuntime(file, threads=threads)
    except Exception as error:
        # An unusual architecture makes torch and ONNX Runtime raise whatever they please.
        why = type(error).__name__
        msg = f"{checkpoint.directory} cannot be exported to ONNX ({why}); serve it with torch."
        raise ModelUnusable(msg) from error
    return Exported(
        model=file,
        tokenizer=folder / "tokenizer.json",
        classes=loaded.classes,
        max_tokens=loaded.max_tokens,
        padding_token=padding.token,
        truncation_side="left" if loaded.tokenizer.truncation_side == "left" else "right",
        flags=short_number_flags(),
        agreement=Examiner(encode, padding, exact=lambda: exact).examine(runtime),
        exact=exact,
    )


def _rust_tokenizer(tokenizer: Any, checkpoint: Checkpoint) -> Any:  # noqa: ANN401  # neither package has types
    rust = getattr(tokenizer, "backend_tokenizer", None)
    if rust is None:
        msg = (
            f"the tokenizer in {checkpoint.tokenizer_directory} runs in Python alone, which needs "
            "transformers when it is served; save it in its fast form, or serve the model with torch."
        )
        raise ModelUnusable(msg)
    return rust
