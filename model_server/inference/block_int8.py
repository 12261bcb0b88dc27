"""Weights of an ONNX model as int8 in blocks, multiplied with activations that are quantised row by row.

ONNX Runtime's dynamic quantisation takes one scale from a whole batch of activations, so the score of a text
would depend on the texts beside it. `MatMulNBits` with accuracy level 4 quantises each row's blocks by
themselves (operator reference of ONNX Runtime's com.microsoft domain), which no other text can change.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

# Smaller blocks are more exact and slower; 64 is the fastest that kept 99.5 % of the demo model's labels.
BLOCK: Final = 64
# int8 products: the activations are quantised too.
INT8_ACTIVATIONS: Final = 4


def quantize(source: Path, target: Path) -> None:
    """Write the model with every product by a constant matrix, whose rows are whole blocks, in int8."""
    model = onnx.load(str(source))
    graph = model.graph
    weights = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in weights:
            matrix = numpy_helper.to_array(weights[node.input[1]])
            if matrix.ndim == 2 and matrix.shape[0] % BLOCK == 0:
                _replace(graph, node, matrix)
    _drop_unused(graph)
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    onnx.save(model, str(target))


def blocks_of(matrix: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
    """(columns, blocks, 64) uint8 with 128 as zero, and the (columns, blocks) scale of each block.

    Args:
        matrix: (rows, columns), rows a multiple of 64.
    """
    rows, columns = matrix.shape
    blocks = matrix.T.reshape(columns, rows // BLOCK, BLOCK)
    scales = np.abs(blocks).max(axis=2) / 127.0
    scales[scales == 0] = 1.0
    levels = np.clip(np.rint(blocks / scales[..., None]) + 128.0, 0, 255).astype(np.uint8)
    return levels, scales.astype(np.float32)


def _replace(graph: Any, node: Any, matrix: npt.NDArray[np.float32]) -> None:  # noqa: ANN401  # protobuf
    levels, scales = blocks_of(matrix)
    name = f"{node.input[1]}_{node.output[0]}"
    graph.initializer.append(numpy_helper.from_array(levels, f"{name}_levels"))
    graph.initializer.append(numpy_helper.from_array(scales, f"{name}_scales"))
    node.CopyFrom(
        helper.make_node(
            "MatMulNBits",
            [node.input[0], f"{name}_levels", f"{name}_scales"],
            list(node.output),
            name=node.name,
            domain="com.microsoft",
            K=matrix.shape[0],
            N=matrix.shape[1],
            bits=8,
            block_size=BLOCK,
            accuracy_level=INT8_ACTIVATIONS,
        )
    )


def _drop_unused(graph: Any) -> None:  # noqa: ANN401  # protobuf
    used = {name for node in graph.node for name in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)
