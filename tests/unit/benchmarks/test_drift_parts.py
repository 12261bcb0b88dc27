"""What the drift benchmark rests on: remembered results, fair draws, and charts that can be read."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from benchmarks.drift.accuracy import SHARES, plan_windows
from benchmarks.drift.kept import Kept, NotMeasured, code_digest
from benchmarks.drift.plots import Panel, write_panels
from modelmonitor.sample import Sample


@pytest.fixture
def domains():
    sizes = {"movie": 3000, "amazon": 300, "tweets": 300, "nyt": 300}
    return {name: _sample(size) for name, size in sizes.items()}


def _sample(n: int) -> Sample:
    return Sample(
        classes=("NEGATIVE", "POSITIVE"),
        prediction_ids=("",) * n,
        texts=("text",) * n,
        probabilities=np.full((n, 2), 0.5, dtype=np.float32),
        embeddings=np.zeros((n, 2), dtype=np.float32),
        predicted_at=np.zeros(n, dtype="datetime64[us]"),
        labels=np.zeros(n, dtype=np.int64),
    )


def test_a_result_is_computed_once_and_kept_over_a_restart(tmp_path):
    computed = []

    def compute():
        computed.append(1)
        return {"alarms": 21}

    assert Kept(tmp_path / "fpr").get("ks seed=1", compute) == {"alarms": 21}
    assert Kept(tmp_path / "fpr").get("ks seed=1", compute) == {"alarms": 21}
    assert Kept(tmp_path / "fpr").get("ks seed=2", lambda: 3) == 3
    assert len(computed) == 1


def test_where_only_known_results_count_nothing_is_computed(tmp_path):
    Kept(tmp_path).get("ks", lambda: 21)
    known = Kept(tmp_path, only_known=True)
    assert known.get("ks", lambda: 22) == 21
    with pytest.raises(NotMeasured, match="mmd"):
        known.get("mmd", lambda: 22)


def test_an_interrupted_computation_leaves_nothing_behind(tmp_path):
    with pytest.raises(ZeroDivisionError):
        Kept(tmp_path).get("mmd", lambda: 1 // 0)
    assert Kept(tmp_path).get("mmd", lambda: 5) == 5


def test_the_digest_of_a_module_covers_what_it_imports_and_nothing_else():
    ks, chi_square = (code_digest(f"modelmonitor.detect.{name}") for name in ("ks", "chi_square"))
    assert ks != chi_square
    assert ks == code_digest("modelmonitor.detect.ks")
    assert code_digest("modelmonitor.detect.ks", "modelmonitor.sample") == ks


def test_windows_share_no_row_with_their_reference_and_have_the_stated_foreign_share(domains):
    plan = plan_windows(domains, n=200, resamples=2, seed=3)
    assert len(plan.windows) == 2 * (1 + 3 * len(SHARES))
    for number, rows in enumerate(plan.windows):
        assert not set(rows) & set(plan.reference_of(number))
        assert len(set(rows)) == 200
        assert (rows >= len(domains["movie"])).mean() == pytest.approx(plan.shares[number])


def test_a_chart_is_well_formed_and_names_every_line(tmp_path):
    lines = {"ours": [(50, 0.1), (200, 0.9)], "a & b": [(50, 0.2), (200, 0.8)]}
    file = tmp_path / "images" / "power.svg"
    write_panels(
        file, [Panel("5 %", lines), Panel("10 %", lines)], bold="ours", x_label="rows", y_label="power"
    )
    texts = {element.text for element in ET.parse(file).iter() if element.tag.endswith("text")}
    assert {"5 %", "10 %", "ours", "a & b", "rows", "power", "50", "200"} <= texts
