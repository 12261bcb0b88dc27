"""Loading a checkpoint with transformers, refusing what is not a single-label text classifier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import torch
import transformers
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

from model_server.checkpoint import Checkpoint
from model_server.errors import ModelUnusable

# Tokenizers without a limit of their own report an astronomically large one.
UNLIMITED: Final = 1_000_000
# What a model without any stated limit is trusted with.
DEFAULT_TOKENS: Final = 512
# These count positions from the padding id on, so that many of them are not for tokens.
SHIFTED_POSITIONS: Final = ("roberta", "camembert", "longformer")


@dataclass(frozen=True, slots=True)
class Pretrained:
    """What transformers made of a checkpoint; `tokenizer` always has a padding token."""

    model: torch.nn.Module
    tokenizer: Any
    classes: tuple[str, ...]
    max_tokens: int


def load(checkpoint: Checkpoint, *, max_tokens: int) -> Pretrained:
    """The model and its tokenizer; `max_tokens` 0 means as many as the model can.

    Raises:
        ModelUnusable: they cannot be loaded, or the model does not choose one of several classes.
    """
    quiet: Any = transformers.logging
    quiet.set_verbosity_error()
    quiet.disable_progress_bar()
    model, missing = _model(checkpoint)
    if missing:
        msg = (
            f"{checkpoint.directory} is not a fine-tuned classifier: it has no weights for "
            f"{', '.join(missing[:3])}; fine-tune it first."
        )
        raise ModelUnusable(msg)
    tokenizer = _tokenizer(checkpoint)
    return Pretrained(
        model=model,
        tokenizer=tokenizer,
        classes=_classes(model.config),
        max_tokens=_token_limit(model.config, tokenizer, wanted=max_tokens),
    )


def _model(checkpoint: Checkpoint) -> tuple[Any, list[str]]:
    try:
        config = AutoConfig.from_pretrained(checkpoint.directory)
        model, loading = AutoModelForSequenceClassification.from_pretrained(
            checkpoint.directory, config=config, output_loading_info=True
        )
    except Exception as error:
        # A broken file makes transformers, safetensors or torch raise whatever they please.
        msg = f"{checkpoint.directory} cannot be loaded as a sequence classifier: {_first_line(error)}"
        raise ModelUnusable(msg) from error
    return model, sorted(loading["missing_keys"])


def _tokenizer(checkpoint: Checkpoint) -> Any:  # noqa: ANN401  # transformers types none of its tokenizers
    make: Any = AutoTokenizer
    try:
        tokenizer = make.from_pretrained(checkpoint.tokenizer_directory)
    except Exception as error:
        msg = f"the tokenizer in {checkpoint.tokenizer_directory} cannot be loaded: {_first_line(error)}"
        raise ModelUnusable(msg) from error
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def _classes(config: Any) -> tuple[str, ...]:  # noqa: ANN401  # each architecture has its own config class
    if config.num_labels < 2 or config.problem_type in {"regression", "multi_label_classification"}:
        msg = (
            "the model does not choose one of several classes (it is for regression or for several labels "
            "at once); serve a single-label classifier."
        )
        raise ModelUnusable(msg)
    return tuple(str(config.id2label[i]) for i in range(config.num_labels))


def _token_limit(config: Any, tokenizer: Any, *, wanted: int) -> int:  # noqa: ANN401  # as above
    limits = [limit for limit in (wanted, tokenizer.model_max_length) if 0 < limit < UNLIMITED]
    positions = getattr(config, "max_position_embeddings", None)
    if positions and positions > 0:
        shifted = any(name in config.model_type for name in SHIFTED_POSITIONS)
        limits.append(positions - (config.pad_token_id or 0) - 1 if shifted else positions)
    return min(limits, default=DEFAULT_TOKENS)
