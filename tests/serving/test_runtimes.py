"""A model answers the same whatever runs it, and what was prepared for it survives all but being wrong."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model_server.app import load_classifier
from model_server.checkpoint import find_checkpoint
from model_server.classifier import Classifier
from model_server.errors import InvalidSettings
from model_server.inference.variant import ONNX_FP32, ONNX_INT8, REFERENCE, TORCH_BF16
from model_server.settings import load_settings

pytestmark = pytest.mark.timeout(900)

TEXTS = ("this is amazing !", "terrible film", "i hate the good bad film . " * 12, "a")


@pytest.fixture
def load(tiny_model: Path, tmp_path: Path) -> Any:
    def loading(**settings: Any) -> Classifier:
        chosen = load_settings({"model_cache_dir": tmp_path / "cache", "torch_threads": 1, **settings})
        return load_classifier(chosen, find_checkpoint(tiny_model, source="tiny"))

    return loading


def probabilities(classifier: Classifier) -> np.ndarray:
    return np.array([s.probabilities for s in classifier.forward(classifier.encode(TEXTS))])


def embeddings(classifier: Classifier) -> np.ndarray:
    scores = classifier.forward(classifier.encode(TEXTS))
    return np.array([np.frombuffer(s.embedding or b"", "<f2") for s in scores], dtype=np.float32)


@pytest.mark.parametrize(
    ("settings", "variant", "tolerance"),
    [
        ({"runtime": "onnx", "precision": "fp32"}, ONNX_FP32, 1e-5),
        ({"precision": "int8"}, ONNX_INT8, 0.05),
        ({"runtime": "torch", "precision": "bf16"}, TORCH_BF16, 0.05),
    ],
    ids=str,
)
def test_every_variant_gives_the_exact_models_answers_first_and_from_the_cache(
    load: Any, settings: dict[str, str], variant: object, tolerance: float, caplog: pytest.LogCaptureFixture
) -> None:
    exact = load(runtime="torch", precision="fp32")
    caplog.set_level(logging.INFO)
    first, again = load(**settings), load(**settings)

    assert (exact.variant, first.variant, again.variant) == (REFERENCE, variant, variant)
    assert caplog.text.count("compared") == 1
    for classifier in (first, again):
        assert np.abs(probabilities(classifier) - probabilities(exact)).max() < tolerance
        assert np.abs(embeddings(classifier) - embeddings(exact)).max() < 20 * tolerance


@pytest.mark.parametrize(
    "settings", [{"runtime": "onnx"}, {"precision": "int8"}, {"runtime": "torch"}], ids=str
)
def test_the_texts_in_a_batch_do_not_change_each_others_scores(load: Any, settings: dict[str, str]) -> None:
    classifier = load(**settings)
    together = probabilities(classifier)
    alone = [classifier.forward(classifier.encode([text]))[0].probabilities for text in TEXTS]

    assert np.abs(together - np.array(alone)).max() < 0.01


def test_dynamic_quantisation_is_what_the_comparison_refuses(tmp_path: Path, tiny_model: Path) -> None:
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic

    from model_server.inference.comparing import Examiner, exact_scores
    from model_server.inference.onnx_export import export
    from model_server.inference.onnx_runtime import OnnxRuntime
    from model_server.inference.runtime import Padding
    from model_server.inference.tokens import encoder
    from model_server.pretrained import load as pretrained

    loaded = pretrained(find_checkpoint(tiny_model, source="tiny"), max_tokens=0)
    # An untrained head answers near one half whatever it reads; a trained one is as steep as this.
    with torch.no_grad():
        loaded.model.classifier.weight.mul_(30)
    export(loaded.model, tmp_path / "fp32.onnx")
    quantize_dynamic(tmp_path / "fp32.onnx", tmp_path / "int8.onnx", weight_type=QuantType.QInt8)
    encode, padding = encoder(loaded.tokenizer, max_tokens=128), Padding(0, 128)
    exact = OnnxRuntime(tmp_path / "fp32.onnx", threads=1)
    examiner = Examiner(encode, padding, exact=lambda: exact_scores(exact, encode, padding=padding))

    assert not examiner.examine(OnnxRuntime(tmp_path / "int8.onnx", threads=1)).passes


@pytest.mark.parametrize("damage", [b"", b"nonsense"])
def test_a_damaged_file_in_the_cache_is_exported_again(
    load: Any, tmp_path: Path, damage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    right = probabilities(load(runtime="onnx", precision="fp32"))
    [file] = (tmp_path / "cache").rglob("model.onnx")
    file.write_bytes(damage)
    caplog.set_level(logging.INFO)

    assert np.array_equal(probabilities(load(runtime="onnx", precision="fp32")), right)
    assert "is damaged; exporting the model as onnx-fp32" in caplog.text
    assert len(file.read_bytes()) > len(damage)


def test_without_a_writable_cache_the_model_still_runs_and_the_log_says_so(
    load: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    classifier = load(runtime="onnx", precision="fp32", model_cache_dir=tmp_path / "file" / "cache")

    assert classifier.variant == ONNX_FP32
    assert "cannot be written (Not a directory)" in caplog.text
    assert "is not kept in" in caplog.text


def test_a_model_that_cannot_be_exported_runs_in_torch(
    load: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import torch

    def refuse(*_: object, **__: object) -> None:
        raise NotImplementedError("no such operator")

    monkeypatch.setattr(torch.onnx, "export", refuse)

    assert load(runtime="onnx", precision="fp32").variant == REFERENCE
    assert "it cannot be exported (NotImplementedError: no such operator)" in caplog.text


def test_a_combination_that_does_not_exist_is_refused(load: Any) -> None:
    with pytest.raises(InvalidSettings, match="MM_SERVER_PRECISION=bf16 do not go together"):
        load(runtime="onnx", precision="bf16")


def test_kill_9_during_an_export_leaves_nothing_that_a_later_start_would_use(
    load: Any, tiny_model: Path, tmp_path: Path
) -> None:
    dying = (
        "import os, signal, sys; from pathlib import Path; import onnxruntime\n"
        "def die(*a, **k): os.kill(os.getpid(), signal.SIGKILL)\n"
        "onnxruntime.InferenceSession = die\n"
        "from model_server.app import load_classifier; from model_server.checkpoint import find_checkpoint\n"
        "from model_server.settings import load_settings\n"
        "settings = load_settings({'model_cache_dir': sys.argv[2], 'runtime': 'onnx', 'precision': 'fp32'})\n"
        "load_classifier(settings, find_checkpoint(Path(sys.argv[1]), source='tiny'))\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", dying, str(tiny_model), str(tmp_path / "cache")],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        timeout=240,
    )

    assert killed.returncode == -signal.SIGKILL
    assert [path.name[0] for path in (tmp_path / "cache" / "prepared").iterdir()] == ["."]
    assert load(runtime="onnx", precision="fp32").variant == ONNX_FP32
