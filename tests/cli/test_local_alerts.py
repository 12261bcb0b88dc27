"""`modelmonitor alerts` beside a local stack, which cannot judge every alert."""

from __future__ import annotations

import pytest

from modelmonitor.local.addresses import Addresses

MONITOR = """\
apiVersion: modelmonitor.io/v1alpha1
kind: ModelMonitor
metadata: {name: sentiment}
spec:
  target: {inferenceService: sentiment}
  reference: {dataset: movie-reviews}
"""
OWN = '  alerts: {overrides: [{alert: ModelLatencyHigh, expr: "sum(up) < 2"}]}\n'


@pytest.fixture
def beside(cli, filled, tmp_path):
    """Runs the command beside a stack that watches a monitor."""
    address = "http://127.0.0.1:9"
    Addresses(
        predictor_url=address,
        grpc_address="127.0.0.1:9",
        collector_url=address,
        mlflow_url=address,
        database_url=filled,
        score_token="token",
    ).write(tmp_path)

    def run(monitor, *arguments):
        (tmp_path / "monitor.yaml").write_text(monitor)
        return cli(*arguments, "--data-dir", str(tmp_path))

    return run


def test_an_alert_that_is_not_judged_is_named_beside_the_list(beside):
    plain, own = (beside(monitor, "alerts") for monitor in (MONITOR, MONITOR + OWN))

    assert "ModelDriftDetected" in own.out
    assert (own.code, own.out) == (plain.code, plain.out)
    assert plain.err == ""
    assert own.err == (
        "alert ModelLatencyHigh is not judged here: only Prometheus evaluates its expression "
        "(spec.alerts.overrides)\n"
    )
