"""Turning a transformers classifier into an ONNX file with logits and embedding."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import Any, Final

import torch

from model_server.inference.outputs import WithEmbedding

# 17 is the first with LayerNormalization as one operator, which ONNX Runtime has a fast kernel for.
OPSET: Final = 17
INPUTS: Final = ("input_ids", "attention_mask")


def export(model: torch.nn.Module, file: Path) -> None:
    """Write the fp32 model with free batch size and length; raises whatever torch does when it cannot."""
    wrapped = WithEmbedding(model).eval()
    example = torch.ones((2, 8), dtype=torch.int64)
    with torch.no_grad():
        names = ("logits", "embedding")[: len(wrapped(example, example))]
    with torch.no_grad(), warnings.catch_warnings():
        # Tracing warns of every shape that Python looks at; the comparison with the exact model follows.
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        # The exporter through torch.export needs onnxscript; this one writes the same graph for encoders.
        torch.onnx.export(
            wrapped,
            (example, example),
            str(file),
            input_names=list(INPUTS),
            output_names=list(names),
            dynamic_axes=_free_axes(names),
            opset_version=OPSET,
            dynamo=False,
        )


def _free_axes(outputs: tuple[str, ...]) -> dict[str, Any]:
    return {name: {0: "texts", 1: "length"} for name in INPUTS} | {name: {0: "texts"} for name in outputs}
