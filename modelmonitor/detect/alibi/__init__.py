"""The detectors of alibi-detect 0.13 behind our interface; only this file imports alibi-detect.

Licence: alibi-detect since 0.11.5 is source-available under the Business Source License 1.1, which allows
non-production use only; production needs a licence from its owner. `backend: native` needs none.

Three things are corrected here: its permutation p-values are k/B and can be 0, ours are (k+1)/(B+1); it reads
the global random states of torch and numpy, which are seeded for the call and put back; it logs and warns,
which is silenced.
"""

from __future__ import annotations

import contextlib
import logging
import os
import warnings
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any, Protocol

import numpy as np

from modelmonitor.detect.catalogue import ALIBI
from modelmonitor.detect.missing import MissingBackend
from modelmonitor.detect.permutation import critical_rank

_LARGEST_SEED = 2**32


def load_alibi() -> ModuleType:
    """The module `alibi_detect.cd`, imported without its log lines.

    Raises:
        MissingBackend: alibi-detect is not installed.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("alibi_detect").setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import alibi_detect.cd as alibi
    except ImportError as error:
        raise MissingBackend(ALIBI, "alibi") from error
    loaded: ModuleType = alibi
    return loaded


def gaussian_kernel(sigma: float) -> Any:  # noqa: ANN401 - a torch module of theirs
    """alibi-detect's Gaussian kernel with a fixed bandwidth.

    Raises:
        MissingBackend: alibi-detect is not installed.
    """
    load_alibi()
    import torch
    from alibi_detect.utils.pytorch import GaussianRBF

    return GaussianRBF(sigma=torch.tensor([sigma], dtype=torch.float32))


def lsdd_of_scaled_rows() -> type[Any]:
    """alibi-detect's LSDD (pytorch) for rows that both samples have scaled together.

    Its own scales by the reference alone; a permutation test is exact only if both are treated alike.

    Raises:
        MissingBackend: alibi-detect is not installed.
    """
    load_alibi()
    import torch
    from alibi_detect.cd.pytorch.lsdd import LSDDDriftTorch

    class ScaledTogether(LSDDDriftTorch):  # type: ignore[misc]
        def _configure_normalization(self, x_ref: torch.Tensor, eps: float = 0.0) -> None:
            self._normalize = torch.as_tensor

    return ScaledTogether


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed torch and numpy for the block and restore their random states afterwards."""
    import torch

    state = np.random.get_state()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        np.random.seed(seed % _LARGEST_SEED)
        try:
            yield
        finally:
            np.random.set_state(state)


class AlibiDetector(Protocol):
    """What all batch detectors of alibi-detect have in common."""

    def predict(self, *rows: Any) -> Mapping[str, Mapping[str, Any]]:  # noqa: ANN401 - theirs
        """A dictionary with `data`."""
        ...


def predict(detector: AlibiDetector, *rows: Any) -> Mapping[str, Any]:  # noqa: ANN401 - theirs
    """What the detector says of the rows, without its warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return detector.predict(*rows)["data"]


def reached(data: Mapping[str, Any], permutations: int) -> int:
    """How many permutations were at least as large as the observed statistic."""
    return round(float(data["p_val"]) * permutations)


def corrected_p_value(data: Mapping[str, Any], permutations: int) -> float:
    """(k+1)/(B+1) in place of k/B."""
    return (reached(data, permutations) + 1) / (permutations + 1)


def p_val_for(level: float, permutations: int) -> float:
    """The `p_val` whose threshold is the statistic at the rank that (k+1)/(B+1) <= level allows."""
    return (max(critical_rank(level, permutations), 0) + 0.5) / permutations
