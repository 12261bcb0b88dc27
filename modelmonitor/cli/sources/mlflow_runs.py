"""Training runs in MLflow, over its REST interface, for its client takes seconds to import."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from modelmonitor.cli.errors import SourceDown
from modelmonitor.cli.sources.http import asked, get_json, read_json
from modelmonitor.cli.week import TrainingRun

_API: Final = "/api/2.0/mlflow"
_MOST_METRICS: Final = 5


def recent_runs(url: str, *, since: datetime, limit: int, timeout_s: float) -> tuple[TrainingRun, ...]:
    """Runs that started since a moment, the latest first.

    Raises:
        SourceDown: MLflow does not answer.
    """
    found = get_json(f"{url}{_API}/experiments/search?max_results=200", timeout_s=timeout_s)
    experiments = [each["experiment_id"] for each in _mapping(found, url).get("experiments", ())]
    if not experiments:
        return ()
    wanted = {
        "experiment_ids": experiments,
        "filter": f"attributes.start_time >= {int(since.timestamp() * 1000)}",
        "order_by": ["attributes.start_time DESC"],
        "max_results": limit,
    }
    target = f"{url}{_API}/runs/search"
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(target, json.dumps(wanted).encode(), headers)  # noqa: S310  # checked where given
    answer = _mapping(read_json(asked(request, timeout_s), url=target), url)
    return tuple(_run(each) for each in answer.get("runs", ()))


def _run(run: Mapping[str, Any]) -> TrainingRun:
    logged = run.get("data", {}).get("metrics", ())
    values = sorted((str(each["key"]), float(each["value"])) for each in logged)
    return TrainingRun(
        name=str(run["info"].get("run_name", run["info"]["run_id"])),
        started=datetime.fromtimestamp(int(run["info"]["start_time"]) / 1000, UTC),
        metrics=tuple(values[:_MOST_METRICS]),
    )


def _mapping(answer: Any, url: str) -> Mapping[str, Any]:  # noqa: ANN401 - JSON
    if not isinstance(answer, dict):
        msg = f"{url} answers, but not as MLflow does: is it the right address?"
        raise SourceDown(msg)
    return answer
