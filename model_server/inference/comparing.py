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
        exact: makes the exact runtime.
    """

    encode: Callable[[Sequence[str]], list[list[int]]]
    padding: Padding
    exact: Callable[[], Runtime]

    def examine(self, variant: Runtime) -> Agreement:
        """How the variant's scores compare with the exact ones."""
        probes = self._tokens[:: -(-len(self._tokens) // _PROBES)]
        return compare(
            self._exact_scores,
            self._scores(variant, self._tokens),
            alone=np.concatenate([self._run(variant, [probe]) for probe in probes]),
            among_others=self._among_others(variant, probes),
        )

    def _among_others(self, variant: Runtime, probes: Sequence[list[int]]) -> FloatArray:
        groups = [probes[i : i + _PROBES_TOGETHER] for i in range(0, len(probes), _PROBES_TOGETHER)]
        scores = [self._run(variant, [*group, *self._companions])[: len(group)] for group in groups]
        return np.concatenate(scores)

    @cached_property
    def _tokens(self) -> list[list[int]]:
        return self.encode(calibration_texts())

    @cached_property
    def _companions(self) -> list[list[int]]:
        return self.encode(companions())

    @cached_property
    def _exact_scores(self) -> FloatArray:
        return self._scores(self.exact(), self._tokens)

    def _scores(self, runtime: Runtime, tokens: Sequence[list[int]]) -> FloatArray:
        order = sorted(range(len(tokens)), key=lambda i: len(tokens[i]))
        in_order = [
            self._run(runtime, [tokens[i] for i in order[start : start + _BATCH]])
            for start in range(0, len(order), _BATCH)
        ]
        scores: FloatArray = np.concatenate(in_order)[np.argsort(order)]
        return scores

    def _run(self, runtime: Runtime, batch: Sequence[Sequence[int]]) -> FloatArray:
        return runtime.run(*padded(batch, padding=self.padding, step=runtime.length_step)).probabilities
