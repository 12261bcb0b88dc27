"""What Grafana does with a query before it sends it: variables and macros, as its documentation says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

VARIABLES = {"namespace": "ml", "monitor": "sentiment", "deployment": "sentiment"}
# Wide spans for a Prometheus that scrapes every second on a busy machine; Grafana's for one of 15 seconds.
SECONDS = {"$__rate_interval": "15s", "$__range": "30s", "$__interval": "1s"}
MINUTES = {"$__rate_interval": "1m", "$__range": "1h", "$__interval": "15s"}
_SECONDS = {"m": 60, "h": 3600, "d": 86400}


def promql(expr: str, *, variables: Mapping[str, str] = VARIABLES, spans: Mapping[str, str] = SECONDS) -> str:
    """The query with every variable filled in."""
    for name, value in spans.items():
        expr = expr.replace(name, value)
    return _filled(expr, variables)


def sql(query: str, *, since: timedelta, variables: Mapping[str, str] = VARIABLES) -> str:
    """The query with macros expanded over a time range that ends now."""
    now = datetime.now(UTC)
    begin, end = (f"'{moment.isoformat()}'" for moment in (now - since, now))
    query = re.sub(r"\$__timeFilter\(([\w.]+)\)", rf"\1 BETWEEN {begin} AND {end}", query)
    query = query.replace("$__timeFrom()", f"{begin}::timestamptz").replace(
        "$__timeTo()", f"{end}::timestamptz"
    )
    query = re.sub(r"\$__timeGroupAlias\(([\w.]+), '(\d+)([mhd])'\)", _time_group, query)
    return _filled(query, variables)


def _time_group(macro: re.Match[str]) -> str:
    seconds = int(macro[2]) * _SECONDS[macro[3]]
    return f'floor(extract(epoch from {macro[1]})/{seconds})*{seconds} AS "time"'


def _filled(text: str, variables: Mapping[str, str]) -> str:
    for name, value in variables.items():
        text = text.replace(f"${{{name}:sqlstring}}", f"'{value}'").replace(f"${{{name}:regex}}", value)
        text = text.replace(f"${{{name}}}", value).replace(f"${name}", value)
    assert "$" not in re.sub(r"\^\(.*?\)\$", "", text), f"Grafana would leave a variable in {text}"
    return text
