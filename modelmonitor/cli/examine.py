"""The doctor's visits: each source is asked what its checks need; one that is down is a finding."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from modelmonitor import metrics
from modelmonitor.cli.cluster_facts import notes_of
from modelmonitor.cli.errors import CommandError, NotFound
from modelmonitor.cli.findings import (
    MONITORING,
    NEEDED_KINDS,
    DatabaseState,
    Finding,
    judge_clock,
    judge_database,
    judge_kinds,
    judge_predictor,
    judge_rules,
    judge_targets,
)
from modelmonitor.cli.places import Places
from modelmonitor.cli.sources.http import get, get_json
from modelmonitor.cli.sources.predictor import facts_of
from modelmonitor.cli.subjects import Subject

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812  # psycopg2's class has a lower-case name

_ABSENT: Final = {
    "model server": "give --predictor-url",
    "Prometheus": "give --prometheus-url",
    "PostgreSQL": "set MM_DATABASE_URL",
    "MLflow": "set MM_MLFLOW_URL",
}
_STARTS: Final = {
    "model server": "start it, or correct --predictor-url",
    "Prometheus": "start it, or correct --prometheus-url",
    "PostgreSQL": "start it, or correct MM_DATABASE_URL; `pg_isready` tells more",
    "MLflow": "start it, or correct MM_MLFLOW_URL",
    "cluster": "check the context with `kubectl cluster-info`",
}
_NEWEST: Final = "SELECT now(), (SELECT max(predicted_at) FROM prediction_logs WHERE deployment_id = %s)"
_STATE: Final = """
SELECT array(SELECT number FROM modelmonitor_migrations),
       EXISTS (SELECT FROM prediction_logs_default),
       has_table_privilege('drift_results', 'INSERT')
"""


def examine(subject: Subject | None, places: Places, *, clock: Callable[[], datetime]) -> tuple[Finding, ...]:
    """Every finding, in the order in which data flow: model server, Prometheus, database, MLflow, cluster.

    Args:
        subject: the monitor; None where its name is not known.
        places: what to visit.
        clock: this machine's time, UTC.
    """
    deployment = subject.deployment if subject else ""
    matchers = subject.matchers if subject else {}
    visits: dict[str, tuple[str, Callable[[], Sequence[Finding]]]] = {
        "model server": (places.predictor_url, lambda: visit_predictor(places)),
        "Prometheus": (places.prometheus_url, lambda: visit_prometheus(places, matchers, clock=clock)),
        "PostgreSQL": (places.database_url, lambda: visit_database(places, deployment, clock=clock)),
        "MLflow": (places.mlflow_url, lambda: visit_mlflow(places)),
    }
    if places.backend == "cluster":
        visits["cluster"] = ("the cluster", lambda: visit_cluster(places, subject))
    with ThreadPoolExecutor(len(visits)) as pool:
        running = [pool.submit(_visited, name, *visit) for name, visit in visits.items()]
        return tuple(finding for future in running for finding in future.result())


def visit_predictor(places: Places) -> tuple[Finding, ...]:
    """The model server's own metrics."""
    text = get(f"{places.predictor_url}/metrics", timeout_s=places.timeout_s).decode("utf-8", "replace")
    facts = facts_of(text, low_confidence_below=0.6)
    return judge_predictor(facts, url=places.predictor_url, text=text)


def visit_prometheus(
    places: Places, matchers: Mapping[str, str], *, clock: Callable[[], datetime]
) -> tuple[Finding, ...]:
    """Targets, series, labels, rules and the clock of Prometheus."""
    from modelmonitor.cli.sources.prometheus import count_series, loaded_groups, query, scraped_targets

    url, limit = places.prometheus_url, places.timeout_s
    name = metrics.PREDICTIONS.name
    everything = count_series(url, name, {}, timeout_s=limit)
    chosen = count_series(url, name, matchers, timeout_s=limit) if matchers else everything
    series = query(url, "vector(time())", timeout_s=limit)
    theirs = datetime.fromtimestamp(float(series[0]["value"][1]), UTC)
    return (
        *judge_targets(scraped_targets(url, timeout_s=limit), predictions=everything, chosen=chosen),
        judge_rules(loaded_groups(url, timeout_s=limit)),
        judge_clock("Prometheus", theirs=theirs, ours=clock()),
    )


def visit_database(places: Places, deployment: str, *, clock: Callable[[], datetime]) -> tuple[Finding, ...]:
    """Schema, rights, predictions and the clock of PostgreSQL."""
    from modelmonitor.cli.sources.database import read_database

    state = read_database(
        places.database_url, lambda conn: _database_state(conn, deployment), timeout_s=places.timeout_s
    )
    return judge_database(state, deployment=deployment, now=clock())


def visit_mlflow(places: Places) -> tuple[Finding, ...]:
    """MLflow answers, and takes the Host header that we send."""
    url = places.mlflow_url
    try:
        get(f"{url}/health", timeout_s=places.timeout_s)
        get_json(f"{url}/api/2.0/mlflow/experiments/search?max_results=1", timeout_s=places.timeout_s)
    except CommandError as error:
        if "answers 403" not in str(error):
            raise
        fix = "start MLflow with --allowed-hosts naming this host (chart: mlflow.allowedHosts)"
        return (Finding("MLflow", "problem", f"{error}: it refuses this Host header", fix),)
    return (Finding("MLflow", "ok", f"{url} answers"),)


def visit_cluster(places: Places, subject: Subject | None) -> tuple[Finding, ...]:
    """Kinds of other projects that are needed, and conditions that are not as they should be."""
    from modelmonitor.cli.sources.cluster import GROUP, PLURAL, known_kinds

    own = judge_kinds(
        known_kinds(places, group=GROUP),
        group=GROUP,
        needed=(PLURAL,),
        fix="install the CRD: docs/how-to/install.md",
    )
    prometheus = judge_kinds(
        known_kinds(places, group=MONITORING),
        group=MONITORING,
        needed=NEEDED_KINDS,
        fix="install the Prometheus operator, or give the rules of `modelmonitor render` to Prometheus",
    )
    notes = notes_of(subject.found) if subject else ()
    fix = "the message says what; `kubectl describe modelmonitor` shows its events"
    return (own, prometheus, *(Finding("conditions", "problem", note, fix) for note in notes))


def _visited(name: str, address: str, visit: Callable[[], Sequence[Finding]]) -> Sequence[Finding]:
    if not address:
        return (Finding(name, "skipped", "no address is known", _ABSENT[name]),)
    try:
        return visit()
    except CommandError as error:
        return (Finding(name, "problem", str(error), _STARTS[name]),)


def _database_state(conn: Connection, deployment: str) -> DatabaseState:
    from modelmonitor.cli.sources.database import known_deployments, newest_deployment
    from modelmonitor.store.schema import shipped_migrations

    with conn.cursor() as cursor:
        cursor.execute(_STATE)
        migrations, strays, may_write = cursor.fetchone() or ([], False, False)
    try:
        whose = deployment or newest_deployment(conn)
    except NotFound:
        whose = ""
    with conn.cursor() as cursor:
        cursor.execute(_NEWEST, (whose,))
        now, newest = cursor.fetchone() or (datetime.now(UTC), None)
    others = known_deployments(conn) if newest is None else ()
    return DatabaseState(
        migrations=frozenset(migrations),
        shipped=frozenset(each.number for each in shipped_migrations()),
        now=now.astimezone(UTC),
        newest=newest.astimezone(UTC) if newest else None,
        others=tuple(each for each in others if each != whose),
        strays=bool(strays),
        may_write_results=bool(may_write),
    )
