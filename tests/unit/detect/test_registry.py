from __future__ import annotations

import pytest

from modelmonitor.detect.catalogue import ENTRIES
from modelmonitor.detect.finding import Finding
from modelmonitor.detect.mmd import MaximumMeanDiscrepancy
from modelmonitor.detect.registry import InvalidParameter, UnknownDetector, detector
from modelmonitor.detect.tfidf import TfidfSimilarity


def test_parameters_written_as_text_are_numbers():
    assert detector("mmd", backend="native", params={"max_rows": "500"}) == MaximumMeanDiscrepancy(
        max_rows=500
    )


def test_tfidf_similarity_is_ours_under_either_backend():
    assert detector("tfidf-similarity", backend="alibi-detect") == TfidfSimilarity()


@pytest.mark.parametrize(
    ("name", "backend", "message"),
    [
        ("mdm", "native", "mdm is not a detector: did you mean mmd?"),
        (
            "wasserstein!",
            "native",
            (
                "wasserstein! is not a detector: choose one of chi-square, classifier, context-mmd, "
                "cramer-von-mises, ks, lsdd, mmd, mmd-fourier, tfidf-similarity"
            ),
        ),
        ("mmd", "alibi", "alibi is not a backend: did you mean alibi-detect?"),
    ],
)
def test_an_unknown_name_is_told_the_nearest(name, backend, message):
    with pytest.raises(UnknownDetector) as raised:
        detector(name, backend=backend)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"max_row": "5"}, "max_row is not a parameter of detector mmd: did you mean max_rows?"),
        ({"max_rows": "many"}, "max_rows is many, it must be a whole number of at least 2"),
        ({"max_rows": "1"}, "max_rows is 1, it must be a whole number of at least 2"),
        ({"components": "-1"}, "components is -1, it must be a whole number of at least 0"),
    ],
)
def test_a_wrong_parameter_is_named(params, message):
    with pytest.raises(InvalidParameter) as raised:
        detector("mmd", backend="native", params=params)
    assert str(raised.value) == message


def test_a_wrong_word_is_told_the_choices():
    with pytest.raises(
        InvalidParameter, match="feature is scores, it must be one of confidence, probabilities"
    ):
        detector("ks", backend="native", params={"feature": "scores"})


def test_chi_square_has_no_parameters():
    with pytest.raises(InvalidParameter, match="bins is not a parameter of detector chi-square: it has none"):
        detector("chi-square", backend="native", params={"bins": 3})


def test_the_licence_is_stated_where_a_backend_is_chosen():
    licences = {entry.backend: entry.licence for entry in ENTRIES}
    assert licences == {
        "native": "Apache-2.0",
        "alibi-detect": "Business Source License 1.1: non-production use only",
    }


def test_every_entry_loads():
    assert all(callable(entry.load()) for entry in ENTRIES)


def test_a_p_value_of_zero_is_refused():
    with pytest.raises(ValueError, match="mmd gave 0"):
        Finding("mmd", "native", "embedding", 1.0, 0.0, 1.0, "", 10, 10, {})
