"""What the server chooses for the demo's encoder says of real reviews what the exact model says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from modelmonitor.demo.champion import fetch_data
from modelmonitor.demo.classifier import load_encoder
from modelmonitor.demo.settings import TrainingSettings


@pytest.fixture(scope="module")
def reviews_and_model(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], Path]:
    """600 held-out reviews, and the real encoder with a classification layer fitted to 400 others."""
    import torch
    from sklearn.linear_model import LogisticRegression

    torch.set_num_threads(1)  # several would spin against whatever else runs on the test machine
    data = fetch_data(tmp_path_factory.mktemp("downloads"))
    classifier = load_encoder(data.encoder, TrainingSettings())
    learned = data.reviews.training[:400]
    ids = classifier.tokens([review.text for review in learned], max_tokens=64)
    with torch.inference_mode():
        pooled = [
            classifier.model.base_model(input_ids=torch.tensor([row])).pooler_output[0].numpy() for row in ids
        ]
    fitted = LogisticRegression(max_iter=1000).fit(np.array(pooled), [review.label for review in learned])
    with torch.no_grad():
        layer = classifier.model.classifier
        layer.weight.copy_(torch.tensor(np.concatenate([-fitted.coef_, fitted.coef_]) / 2))
        layer.bias.copy_(torch.tensor(np.concatenate([-fitted.intercept_, fitted.intercept_]) / 2))
    directory = tmp_path_factory.mktemp("fitted")
    classifier.save(directory)
    return [review.text for review in data.reviews.held_out[:600]], directory


@pytest.mark.timeout(900)
def test_597_of_600_labels_agree_with_fp32(reviews_and_model: tuple[list[str], Path], tmp_path: Path) -> None:
    from model_server.app import load_classifier
    from model_server.checkpoint import find_checkpoint
    from model_server.settings import load_settings

    texts, directory = reviews_and_model

    def labels(**settings: str) -> list[int]:
        chosen = load_settings({"model_cache_dir": tmp_path, "torch_threads": 1, **settings})
        classifier = load_classifier(chosen, find_checkpoint(directory, source="fitted"))
        tokens = classifier.encode(texts)
        order = sorted(range(len(tokens)), key=lambda i: len(tokens[i]))
        found = [0] * len(texts)
        for start in range(0, len(order), 50):
            batch = order[start : start + 50]
            for i, score in zip(batch, classifier.forward([tokens[i] for i in batch]), strict=True):
                found[i] = int(np.argmax(score.probabilities))
        return found

    exact, chosen = labels(runtime="torch", precision="fp32"), labels()

    assert len(set(exact)) == 2
    assert sum(map(int.__eq__, exact, chosen)) >= 597
