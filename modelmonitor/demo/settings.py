"""What determines the demo model: the settings of the fine-tuning, and their digest with the data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Literal

from modelmonitor.demo.data import LabelledText

Precision = Literal["bfloat16", "float32"]


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """One fine-tuning run; the defaults are the demo's recipe.

    Measured on two cores with AVX512-BF16: about 65 s, 86.5 % of the held-out reviews right (seeds 7, 11, 23:
    86.4 to 86.7 %). Without frozen layers about 90 s and 87.8 %: too slow for 3 minutes on older processors.

    Attributes:
        learning_rate: peak of the linear warm-up and decay (Devlin et al. 2019, section A.3).
        batch_size: texts a step.
        epochs: passes over the training texts.
        max_tokens: longer texts are cut while training; serving reads more.
        frozen_layers: lowest encoder layers that keep their weights; the token embeddings always do.
        dropout: share of activations dropped while training, 0 to 1 (exclusive).
        weight_decay: of AdamW (Loshchilov and Hutter 2019).
        warmup_share: share of the steps with a rising learning rate, 0 to 1.
        max_gradient_norm: gradients are scaled down to this L2 norm.
        precision: number format of the matrix products.
        seed: of shuffling, the new classification layer and dropout.
    """

    learning_rate: float = 1e-4
    batch_size: int = 32
    epochs: int = 1
    max_tokens: int = 64
    frozen_layers: int = 2
    dropout: float = 0.1
    weight_decay: float = 0.01
    warmup_share: float = 0.1
    max_gradient_norm: float = 1.0
    precision: Precision = "bfloat16"
    seed: int = 7


def default_settings(*, native_bfloat16: bool) -> TrainingSettings:
    """The recipe for this kind of processor: without native bfloat16, emulating it is slower than float32."""
    return TrainingSettings(precision="bfloat16" if native_bfloat16 else "float32")


def training_digest(
    texts: Iterable[LabelledText], settings: TrainingSettings, *, sources: Mapping[str, str]
) -> str:
    """SHA-256 in hex of everything the trained model depends on: texts, settings, source packages."""
    content = {
        "texts": [(text.id, text.text, text.label) for text in texts],
        "settings": asdict(settings),
        "sources": dict(sources),
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
