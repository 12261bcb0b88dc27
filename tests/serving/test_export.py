"""A folder that `python -m model_server export` wrote is served where neither torch nor transformers is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from model_server.app import load_classifier
from model_server.checkpoint import find_checkpoint, locate
from model_server.classifier import Classifier
from model_server.errors import ModelUnusable
from model_server.inference.variant import Variant
from model_server.prepared import MANIFEST, MODEL, PreparedModel
from model_server.settings import load_settings

pytestmark = pytest.mark.timeout(900)

TEXTS = ["this is amazing !", "terrible film", "i hate the good bad film . " * 12, "a", "good " * 400]
# What the image without torch lacks; a package of that name is found first, and cannot be imported.
ABSENT = ("torch", "transformers", "onnx", "mlflow")


def exporting(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MM_SERVER_")}
    return subprocess.run(
        [sys.executable, "-m", "model_server", "export", *map(str, arguments)],
        env={**inherited, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", **environment},
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def folders(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The tiny model exported in each precision."""
    targets = {}
    for precision in ("fp32", "int8"):
        targets[precision] = tmp_path_factory.mktemp("exported") / precision
        done = exporting("--model", tiny_model, "--to", targets[precision], "--precision", precision)
        assert (done.returncode, done.stderr) == (0, "")
        assert f"{targets[precision]}: version " in done.stdout
        assert "of the labels agree with fp32" in done.stdout
    return targets


@pytest.fixture
def fp32_folder(folders: dict[str, Path]) -> Path:
    return folders["fp32"]


def without_torch(directory: Path) -> str:
    for name in ABSENT:
        (directory / name).mkdir(parents=True)
        text = f'raise ModuleNotFoundError("No module named {name!r}", name={name!r})\n'
        (directory / name / "__init__.py").write_text(text)
    return str(directory)


def loaded(model: Path, cache: Path, **settings: Any) -> Classifier:
    chosen = load_settings(
        {"model_uri": str(model), "model_cache_dir": cache, "torch_threads": 1, **settings}
    )
    return load_classifier(chosen, locate(chosen.model_uri, cache_dir=cache))


def probabilities(classifier: Classifier) -> np.ndarray:
    return np.array([s.probabilities for s in classifier.forward(classifier.encode(TEXTS))])


@pytest.mark.parametrize(("precision", "tolerance"), [("fp32", 1e-5), ("int8", 0.05)])
def test_it_answers_what_the_exact_model_answers(
    folders: dict[str, Path],
    tiny_model: Path,
    tmp_path: Path,
    precision: Literal["fp32", "int8"],
    tolerance: float,
) -> None:
    exact = loaded(tiny_model, tmp_path, runtime="torch", precision="fp32")
    served = loaded(folders[precision], tmp_path)

    assert served.variant == Variant("onnx", precision)
    assert (served.classes, served.version, served.max_tokens, served.gpu) == (
        exact.classes,
        find_checkpoint(tiny_model, source="tiny").version,
        exact.max_tokens,
        False,
    )
    assert served.encode(TEXTS) == exact.encode(TEXTS)
    assert np.abs(probabilities(served) - probabilities(exact)).max() < (
        1e-5 if precision == "fp32" else 0.05
    )


def test_it_is_served_and_logged_without_torch_and_transformers(
    fp32_folder: Path,
    start_server: Any,
    database_url: str,
    rows_in: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONPATH", without_torch(tmp_path / "absent"))
    server = start_server(model_uri=fp32_folder, database_url=database_url)
    mapped = Path(f"/proc/{server.process.pid}/maps").read_text()
    with server.client() as client:
        reply = client.post("/predict", json={"text": "this is amazing !"}).json()
    [row] = rows_in(database_url, [reply["prediction_id"]])

    assert ("libtorch" in mapped, "onnxruntime" in mapped) == (False, True)
    assert (row["input_text"], len(row["embedding"])) == ("this is amazing !", 64)
    assert "the model runs as onnx-fp32" in server.log()


def test_a_checkpoint_where_torch_is_missing_ends_with_the_way_out(
    tiny_model: Path, start_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", without_torch(tmp_path / "absent"))
    server = start_server(ready=False, model_uri=tiny_model)

    assert server.process.wait(120) == 1
    assert "holds weights for torch and torch is not installed here" in server.log()
    assert "Traceback" not in server.log()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"runtime": "torch"}, "MM_SERVER_RUNTIME is torch"),
        ({"device": "cuda"}, "MM_SERVER_DEVICE is cuda"),
        ({"precision": "int8"}, "MM_SERVER_PRECISION is int8"),
    ],
    ids=str,
)
def test_settings_that_the_folder_cannot_meet_are_named(
    fp32_folder: Path, tmp_path: Path, settings: dict[str, str], sentence: str
) -> None:
    with pytest.raises(ModelUnusable, match=sentence):
        loaded(fp32_folder, tmp_path, **settings)


@pytest.mark.parametrize(
    ("file", "content", "sentence"),
    [
        (MODEL, b"nonsense", "model.onnx is missing or damaged"),
        ("tokenizer.json", None, "tokenizer.json is missing or damaged"),
        (MANIFEST, b'{"format": 2}', "cannot be read as this version writes it"),
    ],
)
def test_a_damaged_folder_is_refused(
    fp32_folder: Path, tmp_path: Path, file: str, content: bytes | None, sentence: str
) -> None:
    broken = shutil.copytree(fp32_folder, tmp_path / "broken")
    (broken / file).unlink() if content is None else (broken / file).write_bytes(content)

    with pytest.raises(ModelUnusable, match=sentence):
        loaded(broken, tmp_path)


@pytest.mark.parametrize("right", [True, False])
def test_int8_is_compared_again_on_another_processor(
    folders: dict[str, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture, *, right: bool
) -> None:
    moved = shutil.copytree(folders["int8"], tmp_path / "moved")
    manifest = json.loads((moved / MANIFEST).read_text())
    exact = manifest["exact"] if right else [row[1:] + row[:1] for row in manifest["exact"]]
    (moved / MANIFEST).write_text(json.dumps(manifest | {"flags": ["another"], "exact": exact}))
    caplog.set_level("INFO")

    if right:
        assert loaded(moved, tmp_path).variant == Variant("onnx", "int8")
        assert "compared the prepared model again on this processor" in caplog.text
    else:
        with pytest.raises(ModelUnusable, match="does not answer on this processor"):
            loaded(moved, tmp_path)


def test_nothing_is_overwritten_and_nothing_is_left_of_a_failure(tiny_model: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").touch()
    taken = exporting("--model", tiny_model, "--to", tmp_path / "taken")
    absent = exporting("--model", tmp_path / "nowhere", "--to", tmp_path / "new")

    assert (taken.returncode, absent.returncode) == (2, 1)
    assert "exists and is not empty; name a new directory with --to" in taken.stderr
    assert "there is no directory" in absent.stderr
    assert (taken.stderr + absent.stderr).count("\n") == 2
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_a_registered_folder_has_the_version_of_the_registry(fp32_folder: Path, tmp_path: Path) -> None:
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    mlflow.set_experiment(experiment_id=mlflow.create_experiment("e", artifact_location=str(tmp_path / "a")))
    with mlflow.start_run() as run:
        mlflow.log_artifacts(str(fp32_folder), "model")
    client = mlflow.MlflowClient()
    client.create_registered_model("light")
    client.create_model_version("light", f"{run.info.artifact_uri}/model", run.info.run_id)

    found = locate(
        "models:/light/1", tracking_uri=f"sqlite:///{tmp_path}/mlflow.db", cache_dir=tmp_path / "cache"
    )
    assert isinstance(found, PreparedModel)
    assert found.manifest.version == "1"
