"""The Python interface of the guide, with a real database and a predictor that is asked over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from modelmonitor import DriftMonitor, DriftMonitorConfig
from modelmonitor.api.load import load_monitor
from modelmonitor.job.reference import UnknownLabel
from modelmonitor.job.scoring import PredictorRefused, PredictorUnreachable, score_texts
from modelmonitor.monitor import UnknownDataset

TOKEN = "a-token"


@pytest.fixture
def config(database_url, predictor, world, tmp_path):
    data = tmp_path / "reviews.csv"
    lines = [f"{'good film ' * (i % 9 + 1)},{'POSITIVE' if i % 2 else 'NEGATIVE'}" for i in range(300)]
    data.write_text("\n".join(["text,label", *lines]))
    return DriftMonitorConfig(
        database_url=database_url,
        predictor_url=predictor.url,
        score_token=TOKEN,
        monitor=load_monitor(world.monitor_text(), source="test"),
        datasets={"movie-reviews": data},
    )


def shifted_to_now(sample):
    now = np.datetime64(datetime.now(UTC).replace(tzinfo=None) - timedelta(minutes=5), "us")
    return type(sample)(
        **{
            **{name: getattr(sample, name) for name in sample.__slots__},
            "predicted_at": np.full(len(sample), now),
        }
    )


def test_the_loop_of_the_guide_runs_as_it_is_written(config, database_url, world, capsys):
    monitor = DriftMonitor(config)
    monitor.initialize_reference_data(dataset_name="imdb")
    world.log(database_url, shifted_to_now(world.tweets()))
    results = monitor.run_drift_detection(deployment_id="sentiment", hours_lookback=24)
    for result in results:
        print(f"{result.drift_type} Drift: {result.is_drift_detected}")  # noqa: T201 - as the guide prints it
        print(f"Score: {result.drift_score:.4f}")  # noqa: T201
    printed = capsys.readouterr().out.splitlines()
    assert [line for line in printed if "Drift:" in line] == [
        "Data Drift: True",
        "Concept Drift: True",
        "Performance Drift: False",
    ]
    assert all(0.0 <= result.drift_score <= 1.0 for result in results)
    assert str(results[0].verdict) == "Drift(critical)"


def test_a_reference_is_scored_in_chunks_and_saved_as_the_next_version(config, predictor):
    monitor = DriftMonitor(config)
    first = monitor.initialize_reference_data("movie-reviews")
    second = monitor.initialize_reference_data("movie-reviews")
    assert (first.version, second.version) == (1, 2)
    assert (first.name, first.model_name, first.model_version) == ("movie-reviews", "sentiment", "7")
    assert len(first.sample) == 300
    assert first.sample.labels.tolist() == [i % 2 for i in range(300)]
    assert predictor.requests == [64, 64, 64, 64, 44] * 2


def test_a_run_builds_the_reference_that_nobody_initialized(config, database_url, world):
    world.log(database_url, shifted_to_now(world.tweets()))
    finished = DriftMonitor(config).run("sentiment", hours_lookback=24)
    assert (finished.report.reference.version, finished.report.reference.rows) == (1, 300)


def test_an_unknown_data_set_is_answered_with_the_known_ones(config):
    with pytest.raises(UnknownDataset, match=r"'imbd' is not a known data set \(known: movie-reviews\)"):
        DriftMonitor(config).initialize_reference_data("imbd")


def test_a_loader_gives_data_sets_that_the_settings_lack(config):
    loader = {"tweets": [("short", "NEGATIVE"), ("a much longer text", None)]}.__getitem__
    saved = DriftMonitor(config, dataset_loader=loader).initialize_reference_data("tweets")
    assert saved.sample.labels.tolist() == [0, -1]


def test_a_label_that_is_no_class_is_named_and_nothing_is_saved(config):
    loader = {"odd": [("short", "pos")]}.__getitem__
    with pytest.raises(UnknownLabel, match="'pos' is no class of the model: use one of NEGATIVE, POSITIVE"):
        DriftMonitor(config, dataset_loader=loader).initialize_reference_data("odd")


def test_a_window_without_length_is_refused(config):
    with pytest.raises(ValueError, match="must be greater than 0"):
        DriftMonitor(config).run_drift_detection("sentiment", hours_lookback=0)


def test_a_busy_predictor_is_asked_again(predictor):
    predictor.busy = 2
    pauses = []
    scores = score_texts(["a text"], predictor_url=predictor.url, token=TOKEN, pause=pauses.append)
    assert scores.classes == ("NEGATIVE", "POSITIVE")
    assert pauses == [0.5, 1.0]


def test_a_predictor_that_stays_busy_is_given_up(predictor):
    predictor.busy = 100
    with pytest.raises(PredictorUnreachable, match="stayed unavailable"):
        score_texts(["a text"], predictor_url=predictor.url, token=TOKEN, pause=lambda _: None)


def test_a_wrong_token_is_told(predictor):
    with pytest.raises(
        PredictorRefused, match="refused the token: set score_token to its MM_SERVER_SCORE_TOKEN"
    ):
        score_texts(["a text"], predictor_url=predictor.url, token="wrong")


def test_a_closed_route_is_told(predictor):
    with pytest.raises(PredictorRefused, match="has no /reference/score"):
        score_texts(["a text"], predictor_url=f"{predictor.url}/elsewhere", token=TOKEN)


def test_nobody_at_the_address_is_told(unused_port):
    with pytest.raises(PredictorUnreachable, match="does not answer"):
        score_texts(["a text"], predictor_url=f"http://127.0.0.1:{unused_port}", token=TOKEN)


def test_an_address_that_is_none_is_told():
    with pytest.raises(PredictorUnreachable, match="is not the address of a predictor"):
        score_texts(["a text"], predictor_url="localhost:8080", token=TOKEN)
