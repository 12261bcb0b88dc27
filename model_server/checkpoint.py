"""Finding the files of a Hugging Face classifier, whatever address it was given by."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from model_server.errors import ModelMissing
from model_server.prepared import PreparedModel, read_prepared

MLFLOW_SCHEMES = ("models:/", "runs:/", "mlflow-artifacts:/")
WEIGHT_FILES = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
    "spiece.model",
    "sentencepiece.bpe.model",
)
# What a download is marked complete with: a directory without it was interrupted.
COMPLETE = ".complete"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A classifier on disk.

    Attributes:
        directory: holds config.json and the weights.
        tokenizer_directory: holds the tokenizer; MLflow's transformers flavour puts it into another one.
        version: MLflow version number, or the first 12 hex digits of `weights`.
        weights: SHA-256 of the weights, in hex.
    """

    directory: Path
    tokenizer_directory: Path
    version: str
    weights: str


def locate(uri: str, *, tracking_uri: str = "", cache_dir: Path) -> Checkpoint | PreparedModel:
    """The model behind a path, an MLflow address or a Hugging Face id, downloaded if it has to be.

    A folder that `python -m model_server export` wrote comes before a checkpoint beside it.

    Raises:
        ModelMissing: there is nothing at the address, or nothing that is a Hugging Face model.
        ModelUnusable: there is an exported folder of another version.
    """
    if uri.startswith(MLFLOW_SCHEMES):
        return _from_mlflow(uri, tracking_uri=tracking_uri, cache_dir=cache_dir.expanduser())
    path = Path(uri.removeprefix("file://")).expanduser()
    if path.is_dir():
        return find_model(path, source=uri)
    if path.is_absolute() or uri.startswith((".", "~")) or uri.count("/") > 1:
        msg = (
            f"there is no directory {path}; set MM_SERVER_MODEL_URI to a directory, models:/name@alias or a "
            "Hugging Face id."
        )
        raise ModelMissing(msg)
    return find_model(_from_hub(uri.removeprefix("hf://")), source=uri)


def find_model(root: Path, *, source: str) -> Checkpoint | PreparedModel:
    """The exported folder inside `root`, which may be `root` itself, else the checkpoint there.

    Raises:
        ModelMissing: there is neither.
        ModelUnusable: there is an exported folder of another version.
    """
    prepared = next(filter(None, map(read_prepared, _directories(root))), None)
    return prepared or find_checkpoint(root, source=source)


def find_checkpoint(root: Path, *, source: str) -> Checkpoint:
    """The model directory and the tokenizer directory inside `root`, which may be an MLflow artifact.

    Raises:
        ModelMissing: config.json, weights or tokenizer are not there.
    """
    directory = next((d for d in _directories(root) if (d / "config.json").is_file() and _weights(d)), None)
    if directory is None:
        msg = f"{source} holds no Hugging Face model: no directory with config.json beside {WEIGHT_FILES[0]}."
        raise ModelMissing(msg)
    tokenizer = next(
        (d for d in (directory, *_directories(root)) if any((d / n).is_file() for n in TOKENIZER_FILES)), None
    )
    if tokenizer is None:
        msg = (
            f"{source} holds a model but no tokenizer; save the tokenizer into the same directory "
            "(tokenizer.save_pretrained)."
        )
        raise ModelMissing(msg)
    digest = _digest(directory)
    return Checkpoint(directory, tokenizer, version=digest[:12], weights=digest)


def _directories(root: Path) -> Iterator[Path]:
    yield root
    yield from sorted((p for p in root.rglob("*") if p.is_dir()), key=lambda p: (len(p.parts), p))


def _weights(directory: Path) -> Path | None:
    return next((directory / name for name in WEIGHT_FILES if (directory / name).is_file()), None)


def _digest(directory: Path) -> str:
    digest = hashlib.sha256()
    # Sharded weights: the index names the shards, and every shard is read.
    for file in sorted((*directory.glob("*.safetensors"), *directory.glob("pytorch_model*.bin"))):
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()


def _from_hub(model_id: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    patterns = ["*.json", "*.txt", "*.model", "*.safetensors"]
    try:
        path = Path(snapshot_download(model_id, allow_patterns=patterns))
        return (
            path
            if _weights(path)
            else Path(snapshot_download(model_id, allow_patterns=[*patterns, "pytorch_model*.bin"]))
        )
    except (HFValidationError, HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        msg = (
            f"the model {model_id} is neither a directory here nor to be had from the Hugging Face hub "
            f"({type(error).__name__})."
        )
        raise ModelMissing(msg) from error


def _from_mlflow(uri: str, *, tracking_uri: str, cache_dir: Path) -> Checkpoint | PreparedModel:
    try:
        import mlflow
        from mlflow.exceptions import MlflowException
    except ModuleNotFoundError as error:
        msg = f"{uri} is an address of MLflow, which is not installed here; name a directory, or install it."
        raise ModelMissing(msg) from error

    if tracking_uri:
        mlflow.set_tracking_uri(tracking_uri)
    try:
        version, address, identity = _resolve(uri)
        key = hashlib.sha256(f"{mlflow.get_tracking_uri()} {identity}".encode()).hexdigest()[:16]
        root = _download_once(
            cache_dir / key,
            lambda folder: mlflow.artifacts.download_artifacts(artifact_uri=address, dst_path=folder),
        )
    except (MlflowException, OSError) as error:
        detail = str(error).splitlines()[0]
        msg = (
            f"MLflow at {mlflow.get_tracking_uri()} does not give {uri} ({detail}); check the name, the "
            "alias and the address."
        )
        raise ModelMissing(msg) from error
    found = find_model(root, source=uri)
    if not version:
        return found
    if isinstance(found, PreparedModel):
        return replace(found, manifest=found.manifest.model_copy(update={"version": version}))
    return replace(found, version=version)


def _resolve(uri: str) -> tuple[str, str, str]:
    """Version number ("" without one), the address to download, and what tells its content from others."""
    from mlflow.tracking import MlflowClient

    if not uri.startswith("models:/") or uri.startswith("models:/m-"):
        return "", uri, uri
    name, _, rest = uri.removeprefix("models:/").partition("@")
    if rest:
        version = str(MlflowClient().get_model_version_by_alias(name, rest).version)
    else:
        name, _, version = name.rpartition("/")
    registered = MlflowClient().get_model_version(name, version)
    address = f"models:/{name}/{version}"
    # The creation time tells two registries apart when one is wiped and its names and numbers start again.
    return version, address, f"{address} {registered.creation_timestamp}"


def _download_once(target: Path, download: Callable[[str], object]) -> Path:
    if (target / COMPLETE).is_file():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{target.name}-", dir=target.parent))
    try:
        download(str(folder))
        (folder / COMPLETE).touch()
        shutil.rmtree(target, ignore_errors=True)
        folder.replace(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return target
