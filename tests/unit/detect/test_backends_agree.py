"""The same data and parameters give the same statistic from alibi-detect and from our own code."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from modelmonitor.detect import kernel
from modelmonitor.detect.registry import detector


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("ks", {}),
        ("ks", {"feature": "probabilities"}),
        ("chi-square", {}),
        ("mmd", {}),
        ("mmd", {"components": 0}),
    ],
)
@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_statistic_and_effect_agree(make_sample, name, params, shift):
    reference = make_sample(200, seed=1)
    window = make_sample(150, seed=2, shift=shift, positive=0.5 - shift / 5)
    ours, theirs = (
        detector(name, backend=backend, params=params)(reference, window, level=0.02, seed=4)
        for backend in ("native", "alibi-detect")
    )
    assert (theirs.statistic, theirs.effect_size) == pytest.approx(
        (ours.statistic, ours.effect_size), rel=1e-3, abs=2e-3
    )
    assert (theirs.backend, theirs.n_reference, theirs.n_window) == ("alibi-detect", 200, 150)


def test_p_values_of_mmd_agree_within_monte_carlo_error(make_sample):
    reference, window = make_sample(150, seed=1), make_sample(150, seed=2, shift=0.12)
    ours, theirs = (
        detector("mmd", backend=backend)(reference, window, level=0.002, seed=4)
        for backend in ("native", "alibi-detect")
    )
    error = np.sqrt(ours.p_value * (1 - ours.p_value) / int(theirs.parameters["permutations"]))
    assert abs(ours.p_value - theirs.p_value) < 4 * error


def test_alibi_stops_permuting_once_significance_is_out_of_reach(make_sample):
    run = detector("mmd", backend="alibi-detect")
    clear, certain = (
        run(make_sample(80, seed=1), make_sample(80, seed=2, shift=shift), level=0.01, seed=0)
        for shift in (0.0, 3.0)
    )
    assert (clear.parameters["permutations"], certain.parameters["permutations"]) == ("49", "199")
    assert (clear.smallest_p_value, certain.p_value) == (1 / 200, 1 / 200)


def test_block_means_match_a_permutation_by_reindexing():
    generator = np.random.default_rng(0)
    rows = generator.normal(size=(50, 4)).astype(np.float32)
    gram = kernel.gaussian_gram(rows, sigma=1.5)
    assigned = generator.permuted(np.arange(50) < 20)
    order = np.r_[np.flatnonzero(~assigned), np.flatnonzero(assigned)]
    moved = gram[order][:, order].astype(np.float64)
    expected = (
        moved[:30, :30].sum() / (30 * 29) + moved[30:, 30:].sum() / (20 * 19) - 2 * moved[:30, 30:].mean()
    )
    assert kernel.mmd_squared(kernel.gram_similarities(gram, assigned[:, None])) == pytest.approx(
        [expected], abs=1e-6
    )


def test_alibi_leaves_torchs_random_state_as_it_was(make_sample):
    import torch

    torch.manual_seed(1)
    before = torch.get_rng_state().clone()
    detector("mmd")(make_sample(40, seed=1), make_sample(40, seed=2), level=0.05, seed=0)
    assert torch.equal(torch.get_rng_state(), before)


def test_importing_detection_imports_neither_alibi_nor_torch():
    code = (
        "import sys, modelmonitor.detect, modelmonitor.detect.registry as r;"
        "[r.detector(n, backend='native') for n in ('ks', 'mmd', 'chi-square', 'tfidf-similarity')];"
        "r.detector('mmd', backend='alibi-detect');"
        "sys.exit(any(m.split('.')[0] in {'alibi_detect', 'torch'} for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_missing_alibi_is_one_clear_sentence():
    code = (
        "import sys; sys.modules['alibi_detect'] = None\n"
        "from modelmonitor.detect.alibi import _alibi\n"
        "try: _alibi()\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip()
    assert said == (
        "MissingBackend backend alibi-detect is not installed: "
        "pip install 'modelmonitor[alibi]', or choose backend: native"
    )
