"""The model behind LitServe, as its documentation batches: LitAPI with max_batch_size and batch_timeout."""

from __future__ import annotations

import sys
from typing import Any

import litserve  # type: ignore[import-not-found]
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer


class SentimentAPI(litserve.LitAPI):  # type: ignore[misc]  # not installed where types are checked
    """One worker; texts that wait together share a forward pass."""

    def setup(self, device: str) -> None:
        """Load the model."""
        directory = sys.argv[1]
        self._tokenizer = AutoTokenizer.from_pretrained(directory)  # type: ignore[no-untyped-call]
        self._model = AutoModelForSequenceClassification.from_pretrained(directory).to(device).eval()

    def decode_request(self, request: dict[str, str]) -> str:
        """The text of a request."""
        return request["text"]

    def predict(self, texts: Any) -> list[dict[str, Any]]:  # noqa: ANN401  # LitServe batches by itself
        """Classify a batch."""
        with torch.inference_mode():
            tokens = self._tokenizer(list(texts), truncation=True, padding=True, return_tensors="pt")
            probabilities = self._model(**tokens).logits.softmax(-1)
        confidence, label = probabilities.max(-1)
        names = self._model.config.id2label
        return [
            {"label": names[i], "score": score}
            for i, score in zip(label.tolist(), confidence.tolist(), strict=True)
        ]

    def encode_response(self, output: dict[str, Any]) -> dict[str, Any]:
        """The reply."""
        return output


if __name__ == "__main__":
    api = SentimentAPI(max_batch_size=64, batch_timeout=0.005)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1, timeout=120)
    server.run(
        port=int(sys.argv[2]),
        host="127.0.0.1",
        num_api_servers=1,
        generate_client_file=False,
        log_level="warning",
    )
