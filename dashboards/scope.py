"""Which monitors a dashboard is about: its variables, and the matchers that every query of it carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from modelmonitor import metrics

PROMETHEUS: Final = {"type": "prometheus", "uid": "${datasource}"}
POSTGRES_PLUGIN: Final = "grafana-postgresql-datasource"
POSTGRES: Final = {"type": POSTGRES_PLUGIN, "uid": "${pg}"}
BY_MONITOR: Final = "by (namespace, modelmonitor)"
_OWN_ROWS: Final = "monitor = ${monitor:sqlstring} AND namespace IN ('', ${namespace:sqlstring})"
_ANY_ROWS: Final = (
    "monitor ~ '^(${monitor:regex})$' AND (namespace = '' OR namespace ~ '^(${namespace:regex})$')"
)
BY_CHECK: Final = "by (namespace, modelmonitor, check)"


@dataclass(frozen=True, slots=True)
class Scope:
    """One monitor, or any number of them.

    Attributes:
        many: "All" may be chosen; it also matches series without the labels, as of a plain Prometheus.
        source: a metric that every monitor in question has; its labels fill the variables.
    """

    many: bool
    source: str

    def of(self, metric: metrics.Metric | str, *matchers: str) -> str:
        """A selector of the chosen monitors' series of a metric."""
        name = metric if isinstance(metric, str) else metric.name
        compare = "=~" if self.many else "="
        own = (f'namespace{compare}"$namespace"', f'modelmonitor{compare}"$monitor"')
        return f"{name}{{{','.join((*own, *matchers))}}}"

    @property
    def monitor_rows(self) -> str:
        """SQL: rows of a table with columns `monitor` and `namespace`, which is empty in rows of old."""
        return _ANY_ROWS if self.many else _OWN_ROWS

    def variables(self, *more: dict[str, Any]) -> list[dict[str, Any]]:
        """Data sources, namespace and monitor, then those that a dashboard adds."""
        chosen = self._labels("namespace", self.source), self._labels("modelmonitor", self._in_namespace())
        named = [chosen[0] | {"name": "namespace", "label": "Namespace"}]
        named.append(chosen[1] | {"name": "monitor", "label": "Monitor"})
        return [
            _data_source("datasource", "Prometheus", plugin="prometheus"),
            _data_source("pg", "PostgreSQL", plugin=POSTGRES_PLUGIN),
            *named,
            *more,
        ]

    def _in_namespace(self) -> str:
        return f'{self.source}{{namespace{"=~" if self.many else "="}"$namespace"}}'

    def _labels(self, label: str, series: str) -> dict[str, Any]:
        query = f"label_values({series}, {label})"
        everything = {"includeAll": True, "allValue": ".*", "current": ALL} if self.many else {}
        return _query_variable(PROMETHEUS, {"query": query, "refId": label}) | everything


ALL: Final = {"selected": True, "text": "All", "value": "$__all"}
# Of every monitored pod, with or without an operator.
ANY_MODEL: Final = Scope(many=True, source=metrics.MODEL_LOADED.name)
# The operator shows the interval of every check from the first moment on.
ANY_MONITOR: Final = Scope(many=True, source=metrics.RUN_INTERVAL.name)
ONE_MONITOR: Final = Scope(many=False, source=metrics.RUN_INTERVAL.name)


def deployment_variable() -> dict[str, Any]:
    """Whose predictions: the log knows deployments, the last run says which belongs to the monitor."""
    query = (
        "SELECT deployment_id FROM (SELECT DISTINCT deployment_id FROM prediction_rollups"  # noqa: S608 - ours
        f" UNION SELECT DISTINCT deployment_id FROM drift_results WHERE {_OWN_ROWS}) "
        "AS known"
        " ORDER BY deployment_id IN (SELECT deployment_id FROM drift_results"
        f" WHERE {_OWN_ROWS}) DESC, deployment_id"
    )
    return _query_variable(POSTGRES, query) | {"name": "deployment", "label": "Deployment"}


def _data_source(name: str, label: str, *, plugin: str) -> dict[str, Any]:
    return {"name": name, "label": label, "type": "datasource", "query": plugin, "hide": 0, "refresh": 1}


def _query_variable(source: dict[str, str], query: str | dict[str, str]) -> dict[str, Any]:
    # Refreshed with the time range: a monitor that is new must not need a reload of the page.
    return {
        "type": "query",
        "datasource": source,
        "query": query,
        "refresh": 2,
        "sort": 0,
        "multi": False,
        "hide": 0,
    }
