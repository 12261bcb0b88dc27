"""Choosing the fastest variant that agrees with the exact model, from the cache if it was judged before."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final, Literal

import torch

from model_server.inference import cache
from model_server.inference.agreement import Agreement
from model_server.inference.comparing import Examiner
from model_server.inference.onnx_runtime import OnnxRuntime
from model_server.inference.runtime import Runtime
from model_server.inference.torch_runtime import TorchRuntime
from model_server.inference.variant import ONNX_FP32, REFERENCE, Hardware, Variant, candidates

logger = logging.getLogger(__name__)

# Raised with every change of the export or of the comparison, so that older entries are not used.
FORMAT: Final = 2


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the settings say of the runtime.

    Attributes:
        runtime: which library runs the model.
        precision: which numbers its matrix products take.
        device: where torch runs.
        flags: short-number instructions of this processor.
        threads: threads of one forward pass.
        cache_dir: where finished variants are kept.
    """

    runtime: Literal["auto", "onnx", "torch"]
    precision: Literal["auto", "fp32", "bf16", "int8"]
    device: torch.device
    flags: frozenset[str]
    threads: int
    cache_dir: Path


class Unusable(Exception):
    """This variant must not answer for this model: take the next."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A runtime and which variant it is."""

    variant: Variant
    runtime: Runtime


@dataclass(frozen=True, slots=True)
class Chooser:
    """Tries variants of one model in turn.

    Attributes:
        wanted: what the settings say.
        identity: tells this model from every other: digest of weights and configuration.
        fresh: the fp32 model on the processor, each time one that nobody has converted.
        examiner: compares variants with the exact model.
    """

    wanted: Wanted
    identity: str
    fresh: Callable[[], torch.nn.Module]
    examiner: Examiner

    def choose(self) -> Chosen:
        """The first variant that can be built and agrees.

        Raises:
            InvalidSettings: the settings name a variant that does not exist on this hardware.
        """
        hardware = Hardware(gpu=self.wanted.device.type == "cuda", flags=self.wanted.flags)
        *others, _ = candidates(self.wanted.runtime, self.wanted.precision, hardware)
        for variant in others:
            try:
                return Chosen(
                    variant, self._onnx(variant) if variant.runtime == "onnx" else self._half(variant)
                )
            except Unusable as reason:
                logger.warning("the model does not run as %s: %s", variant, reason)
        return Chosen(REFERENCE, self._torch(REFERENCE))

    def _torch(self, variant: Variant) -> Runtime:
        return TorchRuntime(self.fresh(), device=self.wanted.device, precision=variant.precision)

    def _half(self, variant: Variant) -> Runtime:
        key = self._key(variant)
        try:
            _approve(self._cached(key)[1])
        except cache.NoSuchEntry:
            runtime = self._torch(variant)
            agreement = self._examined(variant, runtime)
            self._keep(key, agreement, model=None)
            _approve(agreement)
            return runtime
        return self._torch(variant)

    def _onnx(self, variant: Variant) -> Runtime:
        key = self._key(variant)
        try:
            file, agreement = self._cached(key)
            _approve(agreement)
            return OnnxRuntime(file, threads=self.wanted.threads)
        except Unusable:
            raise
        except Exception as reason:  # noqa: BLE001  # ONNX Runtime's errors on reading a file have no common class
            logger.info("%s; exporting the model as %s", reason, variant)
            return self._exported(variant, key)

    def _cached(self, key: str) -> tuple[Path, Agreement]:
        entry = cache.read(self.wanted.cache_dir, key)
        try:
            return entry.model, Agreement(**entry.facts)
        except TypeError as error:
            msg = f"the prepared model in {entry.directory} has other facts than this version writes"
            raise cache.NoSuchEntry(msg) from error

    def _exported(self, variant: Variant, key: str) -> Runtime:
        with cache.workspace(self.wanted.cache_dir) as folder:
            try:
                file = export_variant(self.fresh(), variant, folder)
                runtime = OnnxRuntime(file, threads=self.wanted.threads)
            except Exception as error:
                # An unusual architecture makes torch and ONNX Runtime raise whatever they please.
                msg = f"it cannot be exported ({type(error).__name__}: {_first_line(error)})"
                raise Unusable(msg) from error
            agreement = self._examined(variant, runtime)
            self._keep(key, agreement, model=file if agreement.passes else None)
        _approve(agreement)
        return runtime

    def _examined(self, variant: Variant, runtime: Runtime) -> Agreement:
        begun = time.monotonic()
        agreement = self.examiner.examine(runtime)
        logger.info(
            "compared %s with the exact model in %.1f s: %s",
            variant,
            time.monotonic() - begun,
            agreement.sentence(),
        )
        return agreement

    def _keep(self, key: str, agreement: Agreement, *, model: Path | None) -> None:
        try:
            cache.write(self.wanted.cache_dir, key, facts=agreement.as_json(), model=model)
            cache.prune(self.wanted.cache_dir, now=time.time())
        except OSError as error:
            logger.warning(
                "the prepared model is not kept in %s (%s): every start prepares it again",
                self.wanted.cache_dir,
                error.strerror,
            )

    def _key(self, variant: Variant) -> str:
        versions = [f"{name} {version(name)}" for name in ("torch", "transformers", "onnxruntime")]
        flags, device = " ".join(sorted(self.wanted.flags)), self.wanted.device.type
        parts = (str(FORMAT), self.identity, str(variant), device, flags, *versions)
        return f"{variant}-{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:24]}"


def export_variant(model: torch.nn.Module, variant: Variant, folder: Path) -> Path:
    """Write the model for ONNX Runtime into the folder; raises whatever torch does when it cannot."""
    from model_server.inference.onnx_export import export

    exact, file = folder / "fp32.onnx", folder / "variant.onnx"
    export(model, exact)
    if variant == ONNX_FP32:
        return exact
    from model_server.inference.block_int8 import quantize

    quantize(exact, file)
    return file


def _approve(agreement: Agreement) -> None:
    if not agreement.passes:
        raise Unusable(agreement.sentence())


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "")[:200]
