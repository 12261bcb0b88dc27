"""Tokenising a batch of texts with as little Python as possible."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Encode = Callable[[Sequence[str]], list[list[int]]]


def encoder(tokenizer: Any, *, max_tokens: int) -> Encode:  # noqa: ANN401  # transformers types none of them
    """Token ids of each text with the model's special tokens, cut at `max_tokens`.

    The Rust tokenizer inside is called directly: around it transformers spends more time than it does.
    """
    rust = getattr(tokenizer, "backend_tokenizer", None)
    if rust is None:
        return lambda texts: list(
            tokenizer(list(texts), truncation=True, max_length=max_tokens, padding=False)["input_ids"]
        )
    return rust_encoder(rust, max_tokens=max_tokens, truncation_side=tokenizer.truncation_side)


def rust_encoder(rust: Any, *, max_tokens: int, truncation_side: str) -> Encode:  # noqa: ANN401  # as above
    """The same of a tokenizer of the package tokenizers, which is changed in place."""
    rust.enable_truncation(max_length=max_tokens, direction=truncation_side)
    rust.no_padding()
    return lambda texts: [encoding.ids for encoding in rust.encode_batch_fast(list(texts))]
