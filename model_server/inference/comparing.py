"""Running a variant and the exact model on the calibration texts, to have them compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from model_server.inference.agreement import Agreement, compare
from model_server.inference.calibration import calibration_texts, companions
from model_server.inference.runtime import FloatArray, Padding, Runtime, padded
from model_server.inference.tokens import Encode

_BATCH: Final = 32
# Texts that are run alone, and in batches of eight with the companions.
_PROBES: Final = 32
_PROBES_TOGETHER: Final = 8


@dataclass(frozen=True)
class Examiner:
    """Compares variants of one model; the exact scores are computed once, when first needed.

    Attributes:
        encode: token ids of texts.
        padding: how they become batches.
        exact: gives the (n, classes) probabilities of the exact model for the calibration texts.
    """

    encode: Encode
    padding: Padding
    exact: Callable[[], FloatArray]

    def examine(self, variant: Runtime) -> Agreement:
        """How the variant's scores compare with the exact ones."""
        tokens = self.encode(calibration_texts())
        probes = tokens[:: -(-len(tokens) // _PROBES)]
        return compare(
            self._exact_scores,
            _scores(variant, tokens, padding=self.padding),
            alone=np.concatenate([_run(variant, [probe], padding=self.padding) for probe in probes]),
            among_others=self._among_others(variant, probes),
        )

    def _among_others(self, variant: Runtime, probes: Sequence[list[int]]) -> FloatArray:
        odd = self.encode(companions())
        groups = [probes[i : i + _PROBES_TOGETHER] for i in range(0, len(probes), _PROBES_TOGETHER)]
        batches = [_run(variant, [*group, *odd], padding=self.padding)[: len(group)] for group in groups]
        return np.concatenate(batches)

    @cached_property
    def _exact_scores(self) -> FloatArray:
        return self.exact()


def exact_scores(exact: Runtime, encode: Encode, *, padding: Padding) -> FloatArray:
    """(n, classes) probabilities of the exact model for the calibration texts, in their order."""
    return _scores(exact, encode(calibration_texts()), padding=padding)


def _scores(runtime: Runtime, tokens: Sequence[list[int]], *, padding: Padding) -> FloatArray:
    order = sorted(range(len(tokens)), key=lambda i: len(tokens[i]))
    in_order = [
        _run(runtime, [tokens[i] for i in order[start : start + _BATCH]], padding=padding)
        for start in range(0, len(order), _BATCH)
    ]
    scores: FloatArray = np.concatenate(in_order)[np.argsort(order)]
    return scores


def _run(runtime: Runtime, batch: Sequence[Sequence[int]], *, padding: Padding) -> FloatArray:
    return runtime.run(*padded(batch, padding=padding, step=runtime.length_step)).probabilities
