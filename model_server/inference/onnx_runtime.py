"""The model in ONNX Runtime, on the processor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnxruntime  # type: ignore[import-untyped]  # it ships no types

from model_server.inference.runtime import IntArray, Output, softmax


class OnnxRuntime:
    """A session over an exported file; raises whatever ONNX Runtime does when the file is no good."""

    length_step = 1
    packs = False

    def __init__(self, file: Path, *, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Threads that spin between two passes would take the core from the event loop, which shares it.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # Batches come in any shape: an arena would keep the memory of the largest of each.
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 3
        self._session: Any = onnxruntime.InferenceSession(
            str(file), options, providers=["CPUExecutionProvider"]
        )

    def run(self, ids: IntArray, mask: IntArray) -> Output:
        """One forward pass."""
        logits, *embedding = self._session.run(None, {"input_ids": ids, "attention_mask": mask})
        return Output(softmax(logits), embedding[0] if embedding else None)
