"""Several short texts in one row of a batch: a BERT-like encoder then computes next to nothing for padding.

A text attends to itself alone, by a mask of blocks, and keeps its own positions. All else in a layer works
token by token. The method is that of Krell et al., "Efficient Sequence Packing without Cross-contamination"
(2021), for one forward pass. BERT, RoBERTa, XLM-RoBERTa, ELECTRA and CamemBERT of transformers have encoders
of the form that is known here.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers.modeling_outputs import BaseModelOutputWithPastAndCrossAttentions

from model_server.inference.outputs import WithEmbedding
from model_server.inference.rows import lay_out
from model_server.inference.runtime import IntArray


class _Encoder(torch.nn.Module):
    """Stands for the encoder of a transformers model: itself without a layout, with one it packs."""

    def __init__(self, original: Any) -> None:  # noqa: ANN401  # each architecture has its own class
        super().__init__()
        self.original = original
        self.layout: tuple[torch.Tensor, torch.Tensor, torch.Tensor] | None = None

    def forward(self, hidden_states: torch.Tensor, *others: object, **named: object) -> Any:  # noqa: ANN401  # as above
        """(n, length, d) padded states to those of the last layer; what stands on padding is meaningless."""
        if self.layout is None:
            return self.original(hidden_states, *others, **named)
        sources, owners, places = self.layout
        shape = hidden_states.shape[:2]
        packed = hidden_states.flatten(0, 1).index_select(0, sources).view(*owners.shape, -1)
        apart = owners.unsqueeze(1) != owners.unsqueeze(2)
        zeros = torch.zeros_like(apart, dtype=packed.dtype)
        mask = zeros.masked_fill(apart, torch.finfo(packed.dtype).min).unsqueeze(1)
        for layer in self.original.layer:
            packed = layer(packed, mask)[0]
        last: Any = packed.flatten(0, 1).index_select(0, places).view(*shape, -1)
        return BaseModelOutputWithPastAndCrossAttentions(last_hidden_state=last, hidden_states=(last,))


class Packed(torch.nn.Module):
    """A `WithEmbedding` whose texts share rows; its model still runs padded texts as before."""

    def __init__(self, module: WithEmbedding) -> None:
        super().__init__()
        base: Any = module.model.base_model
        self.module = module
        self.encoder = base.encoder = _Encoder(base.encoder)

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        sources: torch.Tensor,
        owners: torch.Tensor,
        places: torch.Tensor,
    ) -> tuple[torch.Tensor, ...]:
        """Logits (n, classes) and embeddings (n, d) of padded texts and the fields of their `Layout`."""
        self.encoder.layout = (sources, owners, places)
        try:
            results: tuple[torch.Tensor, ...] = self.module(input_ids, attention_mask)
        finally:
            self.encoder.layout = None
        return results


def arguments(ids: IntArray, mask: IntArray) -> tuple[torch.Tensor, ...]:
    """What `Packed` takes for (n, length) ids and mask."""
    layout = lay_out(mask)
    arrays = (ids, mask, layout.sources, layout.owners, layout.places)
    return tuple(torch.from_numpy(array) for array in arrays)


def can_be_packed(model: Any) -> bool:  # noqa: ANN401  # any transformers model
    """Whether the encoder has layers of the known form."""
    layers: Any = getattr(getattr(getattr(model, "base_model", None), "encoder", None), "layer", ())
    return bool(layers) and all(_is_known(layer) for layer in layers)


def _is_known(layer: Any) -> bool:  # noqa: ANN401  # each architecture has its own class
    attention = getattr(getattr(layer, "attention", None), "self", None)
    linear = all(
        isinstance(getattr(attention, name, None), torch.nn.Linear) for name in ("query", "key", "value")
    )
    absolute = getattr(attention, "position_embedding_type", None) == "absolute"
    return linear and absolute and not getattr(layer, "is_decoder", False)
