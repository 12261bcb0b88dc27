"""A folder that `python -m model_server export` wrote as a classifier, without torch and transformers."""

from __future__ import annotations

import logging

import numpy as np
from tokenizers import Tokenizer

from model_server.classifier import Classifier
from model_server.errors import ModelUnusable
from model_server.inference.comparing import Examiner
from model_server.inference.onnx_runtime import OnnxRuntime
from model_server.inference.processor import short_number_flags
from model_server.inference.runtime import Padding
from model_server.inference.tokens import Encode, rust_encoder
from model_server.inference.variant import Variant
from model_server.prepared import MODEL, TOKENIZER, PreparedModel, check_whole
from model_server.settings import ServerSettings

logger = logging.getLogger(__name__)


def load_prepared(settings: ServerSettings, prepared: PreparedModel, *, threads: int) -> Classifier:
    """The model in the folder.

    Raises:
        ModelUnusable: the settings ask for something else, a file is damaged, or the model does not answer on
            this processor what it should.
    """
    manifest = prepared.manifest
    _check_settings(settings, prepared)
    check_whole(prepared)
    runtime = _runtime(prepared, threads=threads)
    # fp32 products are the same everywhere but for rounding; int8 kernels differ by instruction set.
    if manifest.precision != "fp32" and manifest.flags != short_number_flags():
        _compare_again(prepared, runtime)
    limit = min(manifest.max_tokens, settings.max_tokens or manifest.max_tokens)
    return Classifier(
        runtime=runtime,
        variant=Variant("onnx", manifest.precision),
        encode=_encoder(prepared, max_tokens=limit),
        padding=Padding(manifest.padding_token, limit),
        classes=manifest.classes,
        version=manifest.version,
        gpu=False,
    )


def _encoder(prepared: PreparedModel, *, max_tokens: int) -> Encode:
    rust = Tokenizer.from_file(str(prepared.directory / TOKENIZER))
    return rust_encoder(rust, max_tokens=max_tokens, truncation_side=prepared.manifest.truncation_side)


def _check_settings(settings: ServerSettings, prepared: PreparedModel) -> None:
    manifest = prepared.manifest
    wrong = {
        "MM_SERVER_RUNTIME": settings.runtime == "torch" and settings.runtime,
        "MM_SERVER_DEVICE": settings.device == "cuda" and settings.device,
        "MM_SERVER_PRECISION": settings.precision not in ("auto", manifest.precision) and settings.precision,
    }
    for name, value in wrong.items():
        if value:
            msg = (
                f"{name} is {value}, and {prepared.directory} holds the model for ONNX Runtime on a "
                f"processor in {manifest.precision} alone; set it to auto, or serve the original model."
            )
            raise ModelUnusable(msg)


def _runtime(prepared: PreparedModel, *, threads: int) -> OnnxRuntime:
    try:
        return OnnxRuntime(prepared.directory / MODEL, threads=threads)
    except Exception as error:
        # ONNX Runtime's errors on reading a file have no common class.
        msg = f"{prepared.directory / MODEL} cannot be loaded by ONNX Runtime ({type(error).__name__})."
        raise ModelUnusable(msg) from error


def _compare_again(prepared: PreparedModel, runtime: OnnxRuntime) -> None:
    """int8 on another processor than the one it was judged on.

    Raises:
        ModelUnusable: it disagrees with the exact model here.
    """
    manifest = prepared.manifest
    exact = np.array(manifest.exact, dtype=np.float32)
    # The stored scores are of texts cut where the exporter cut them, whatever this server's limit is.
    encode = _encoder(prepared, max_tokens=manifest.max_tokens)
    padding = Padding(manifest.padding_token, manifest.max_tokens)
    agreement = Examiner(encode, padding, exact=lambda: exact).examine(runtime)
    logger.info("compared the prepared model again on this processor: %s", agreement.sentence())
    if not agreement.passes:
        msg = (
            f"the model in {prepared.directory} does not answer on this processor what the exact one does: "
            f"{agreement.sentence()}; write it again with --precision fp32."
        )
        raise ModelUnusable(msg)
