"""`python -m model_server export`: a model folder that is served without torch and transformers."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final, Literal

from model_server.checkpoint import Checkpoint, locate
from model_server.errors import InvalidSettings, ModelUnusable, StartError, TargetTaken
from model_server.prepared import (
    MODEL,
    TOKENIZER,
    Manifest,
    PreparedModel,
    check_free_target,
    digest_of,
    write_prepared,
)
from model_server.settings import ServerSettings, load_settings

_PACKAGES: Final = ("torch", "transformers", "onnxruntime")


def main(arguments: Sequence[str]) -> int:
    """Write the folder.

    Returns:
        0 when it is there, 1 if the model cannot be exported, 2 if an argument cannot be used.
    """
    options = _options(arguments)
    try:
        check_free_target(options.to)
        manifest = export(options.model, options.to, precision=options.precision)
    except StartError as error:
        sys.stderr.write(f"model_server export: {error}\n")
        return error.exit_code
    except OSError as error:
        sys.stderr.write(f"model_server export: {options.to} cannot be written ({error.strerror}).\n")
        return 1
    sys.stdout.write(
        f"{options.to}: version {manifest.version} for ONNX Runtime in {manifest.precision}; "
        f"{manifest.agreement.sentence()}\n"
    )
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m model_server export", description=__doc__)
    parser.add_argument(
        "--model",
        default="",
        help="a directory, models:/name@alias of MLflow or a Hugging Face id; default: MM_SERVER_MODEL_URI",
    )
    parser.add_argument("--to", type=Path, required=True, help="directory to make")
    parser.add_argument("--precision", choices=["fp32", "int8"], default="fp32")
    return parser.parse_args(arguments)


def export(model: str, target: Path, *, precision: Literal["fp32", "int8"]) -> Manifest:
    """Export the model, compare it with the exact one, and write the folder if it agrees.

    Raises:
        StartError: the model is not to be had, cannot be exported, or does not agree in this precision.
        OSError: the folder cannot be written.
    """
    chosen = {"model_uri": model} if model else {}
    settings = load_settings({**chosen, "runtime": "onnx", "precision": precision})
    found = locate(
        settings.model_uri,
        tracking_uri=settings.mlflow_tracking_uri,
        cache_dir=settings.model_cache_dir,
    )
    if isinstance(found, PreparedModel):
        raise TargetTaken(f"{settings.model_uri} is such a folder already; copy it.")
    return _exported(settings, found, target)


def _exported(settings: ServerSettings, checkpoint: Checkpoint, target: Path) -> Manifest:
    from model_server.inference import cache
    from model_server.inference.exporting import exported

    with cache.workspace(target.parent) as folder:
        made = exported(settings, checkpoint, folder)
        if not made.agreement.passes:
            raise ModelUnusable(
                f"the model does not agree with itself in {settings.precision}: {made.agreement.sentence()}; "
                "export it with --precision fp32."
            )
        files = {MODEL: made.model, TOKENIZER: made.tokenizer}
        manifest = Manifest(
            format=1,
            version=settings.model_version or checkpoint.version,
            weights=checkpoint.weights,
            classes=made.classes,
            max_tokens=made.max_tokens,
            padding_token=made.padding_token,
            truncation_side=made.truncation_side,
            precision=_precision(settings),
            flags=made.flags,
            agreement=made.agreement,
            exact=tuple(map(tuple, made.exact.tolist())),
            made_with={name: version(name) for name in _PACKAGES},
            sha256={name: digest_of(file) for name, file in files.items()},
        )
        write_prepared(target, manifest, files)
    return manifest


def _precision(settings: ServerSettings) -> Literal["fp32", "int8"]:
    if settings.precision == "int8":
        return "int8"
    if settings.precision == "fp32":
        return "fp32"
    raise InvalidSettings("a folder is exported in fp32 or int8.")
