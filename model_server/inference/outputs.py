"""A transformers classifier as a function from tensors to tensors, which can be traced and exported."""

from __future__ import annotations

import torch


class WithEmbedding(torch.nn.Module):
    """A classifier whose forward pass returns logits, and the embedding if it has hidden states."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Logits (n, classes) and, where there are hidden states, embeddings (n, d), both float32."""
        output = self.model(input_ids=input_ids, attention_mask=attention_mask, output_hidden_states=True)
        hidden = getattr(output, "hidden_states", None)
        if not hidden:
            return (output.logits.float(),)
        return output.logits.float(), mean_pool(hidden[-1].float(), attention_mask)


def mean_pool(hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """(n, d) mean of (n, length, d) hidden states over the positions where (n, length) `mask` is 1."""
    weights = mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1)
