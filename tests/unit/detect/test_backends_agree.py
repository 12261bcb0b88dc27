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
        ("cramer-von-mises", {}),
        ("cramer-von-mises", {"feature": "probabilities"}),
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


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("lsdd", {}),
        ("classifier", {}),
        ("classifier", {"feature": "text"}),
    ],
)
def test_statistics_of_detectors_with_random_splits_agree_on_average(make_sample, name, params):
    # Both draw centres or folds at random, each in its own way: means over seeds agree, not each run.
    reference, window = make_sample(400, seed=1), make_sample(300, seed=2, shift=1.0, new_words=0.1)
    ours, theirs = (
        np.mean(
            [
                detector(name, backend=backend, params=params)(
                    reference, window, level=0.2, seed=seed
                ).statistic
                for seed in range(5)
            ]
        )
        for backend in ("native", "alibi-detect")
    )
    assert theirs == pytest.approx(ours, rel=0.15)


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


def test_alibi_leaves_the_random_states_as_they_were(make_sample):
    import torch

    torch.manual_seed(1)
    before = torch.get_rng_state().clone(), np.random.get_state()
    for name in ("mmd", "lsdd"):
        detector(name, backend="alibi-detect")(
            make_sample(40, seed=1), make_sample(40, seed=2), level=0.05, seed=0
        )
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], before[1][1])


def test_importing_detection_imports_neither_alibi_nor_torch():
    code = (
        "import sys, modelmonitor.detect, modelmonitor.detect.registry as r;"
        "from modelmonitor.detect.catalogue import ENTRIES;"
        "[r.detector(e.name, backend=e.backend) for e in ENTRIES];"
        "sys.exit(any(m.split('.')[0] in {'alibi_detect', 'torch'} for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_missing_alibi_is_one_clear_sentence():
    code = (
        "import sys; sys.modules['alibi_detect'] = None\n"
        "from modelmonitor.detect.alibi import load_alibi\n"
        "try: load_alibi()\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip()
    assert said == (
        "MissingBackend backend alibi-detect is not installed: "
        "pip install 'modelmonitor[alibi]', or choose backend: native"
    )
