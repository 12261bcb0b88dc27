"""What the doctor finds: facts in, one finding a check out, each with its fix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from modelmonitor import metrics
from modelmonitor.cli.sources.predictor import PredictorFacts

Outcome = Literal["ok", "problem", "skipped"]
_CLOCK_S: Final = 5.0
_QUIET: Final = timedelta(hours=1)
MONITORING: Final = "monitoring.coreos.com"
NEEDED_KINDS: Final = ("prometheusrules", "podmonitors")


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check: what was seen and, for a problem, what to do."""

    check: str
    outcome: Outcome
    told: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class DatabaseState:
    """What tells whether a database is in shape.

    Attributes:
        migrations: numbers that were applied.
        shipped: numbers that this version brings.
        now: the database's clock.
        newest: time of the newest prediction of the model, None without any.
        others: deployments that have predictions or results.
        strays: rows outside of the day partitions, which only a wild clock writes.
        may_write_results: whether this user may insert results of checks.
    """

    migrations: frozenset[int]
    shipped: frozenset[int]
    now: datetime
    newest: datetime | None
    others: tuple[str, ...]
    strays: bool
    may_write_results: bool


def judge_predictor(facts: PredictorFacts, *, url: str, text: str) -> tuple[Finding, ...]:
    """Model server: is the model loaded, are there metrics, did anybody ask, is the log written."""
    if f"{metrics.MODEL_LOADED.name} " not in text and f"{metrics.MODEL_LOADED.name}{{" not in text:
        fix = (
            f"name the model server with --predictor-url: {url}/metrics must list {metrics.MODEL_LOADED.name}"
        )
        return (Finding("metrics", "problem", f"{url}/metrics has no metrics of a model server", fix),)
    asked = sum(facts.classes.values())
    test = f"curl {url}/predict -H 'Content-Type: application/json' -d '{{\"text\": \"I love it!\"}}'"
    return (
        _either(
            "model",
            good=facts.loaded is True,
            told=f"{facts.model} {facts.version} is loaded",
            problem="the model is not loaded",
            fix="see the log of the model server: it says which file or which address it cannot read",
        ),
        _either(
            "predictions",
            good=asked > 0,
            told=f"{asked:,} predictions since the server started",
            problem="no predictions since the server started",
            fix=f"send one: {test}",
        ),
        *_log_findings(text),
    )


def judge_clock(name: str, *, theirs: datetime, ours: datetime) -> Finding:
    """Clocks that differ move windows and make alerts late."""
    apart = (theirs - ours).total_seconds()
    return _either(
        f"{name} clock",
        good=abs(apart) <= _CLOCK_S,
        told="agrees with this machine's",
        problem=f"is {abs(apart):.0f} s {'ahead of' if apart > 0 else 'behind'} this machine's",
        fix="let both machines follow NTP (timedatectl set-ntp true)",
    )


def judge_targets(
    targets: Sequence[Mapping[str, Any]], *, predictions: int, chosen: int
) -> tuple[Finding, ...]:
    """Scraping: are targets up, do they have our metrics, do the labels fit the monitor.

    Args:
        targets: `activeTargets` of Prometheus.
        predictions: series of predictions in Prometheus.
        chosen: those of them with the labels of the monitor.
    """
    down = [each for each in targets if each.get("health") == "down"]
    name = metrics.PREDICTIONS.name
    labels = (
        "the labels namespace and modelmonitor come from the operator's PodMonitor: check that Prometheus "
    )
    return (
        _either(
            "scraping",
            good=bool(targets) and not down,
            told=f"{len(targets)} targets are up",
            problem=_down_sentence(down),
            fix="open /targets of Prometheus; a target must be reachable from there and answer on its path",
        ),
        _either(
            "series",
            good=predictions > 0,
            told=f"{predictions} series of {name}",
            problem=f"Prometheus has no series {name}",
            fix="add the model server's /metrics to scrape_configs, or install the operator, which does it",
        ),
        _either(
            "selectors",
            good=chosen > 0 or not predictions,
            told="the labels of the series fit the monitor",
            problem=f"{predictions} series of {name}, none with the labels of this monitor",
            fix=f"{labels}selects it (its podMonitorSelector and podMonitorNamespaceSelector)",
        ),
    )


def judge_rules(groups: Sequence[Mapping[str, Any]]) -> Finding:
    """Rules: are ours loaded, and can they be computed."""
    rules = [rule for group in groups for rule in group.get("rules", ()) if _is_ours(rule)]
    broken = [rule for rule in rules if rule.get("health") == "err"]
    if broken:
        told = f"rule {broken[0]['name']} cannot be computed: {broken[0].get('lastError', '')}"
        fix = (
            "update ModelMonitor and Prometheus to versions that fit, or correct its alerts.overrides[].expr"
        )
        return Finding("rules", "problem", told, fix)
    return _either(
        "rules",
        good=bool(rules),
        told=f"{len(rules)} rules are loaded",
        problem="Prometheus has loaded no rule of ModelMonitor",
        fix=(
            "let its ruleSelector select the PrometheusRule of the monitor; without the operator, write "
            "the groups that `modelmonitor render FILE` prints to a file of rule_files"
        ),
    )


def judge_database(state: DatabaseState, *, deployment: str, now: datetime) -> tuple[Finding, ...]:
    """Database: schema, rights, predictions, clock."""
    missing = state.shipped - state.migrations
    return (
        _either(
            "schema",
            good=not missing,
            told="every migration is applied",
            problem=f"migrations {', '.join(map(str, sorted(missing)))} are missing",
            fix="run `python -m modelmonitor.store` with MM_STORE_DATABASE_URL set",
        ),
        _either(
            "roles",
            good=state.may_write_results,
            told="this user may write results",
            problem="this user may not write results, so drift checks cannot save theirs",
            fix="GRANT modelmonitor_job TO the user of the drift job; readers need modelmonitor_reader",
        ),
        _predictions_finding(state, deployment),
        judge_clock("database", theirs=state.now, ours=now),
        _either(
            "partitions",
            good=not state.strays,
            told="every prediction is in the partition of its day",
            problem="some predictions have a time far from today",
            fix="correct the clock of the model server",
        ),
    )


def judge_kinds(kinds: frozenset[str], *, group: str, needed: Sequence[str], fix: str) -> Finding:
    """Cluster: does it know the kinds that the operator makes or reads."""
    absent = [kind for kind in needed if kind not in kinds]
    return _either(
        f"CRDs of {group}",
        good=not absent,
        told=f"{', '.join(needed)} are there",
        problem=f"{', '.join(absent)} are missing",
        fix=fix,
    )


def _predictions_finding(state: DatabaseState, deployment: str) -> Finding:
    if state.newest is None:
        known = f"; there are predictions of {', '.join(state.others)}" if state.others else ""
        fix = "send a prediction and read the model server's log for lines about PostgreSQL"
        if state.others:
            fix = "name the monitor after its deployment, or set the model server's MM_SERVER_DEPLOYMENT_ID"
        told = f"the log holds no prediction of {deployment}{known}"
        return Finding("prediction log", "problem", told, fix)
    quiet = state.now - state.newest
    return _either(
        "prediction log",
        good=quiet <= _QUIET,
        told=f"the newest prediction is from {state.newest:%Y-%m-%d %H:%M} UTC",
        problem=f"no prediction of {deployment} for {quiet.total_seconds() / 3600:.1f} hours",
        fix="if there is traffic, the log is not written: see the model server's log and its spool",
    )


def _log_findings(text: str) -> tuple[Finding, ...]:
    values = _plain_values(text)
    dropped = sum(value for name, value in values if name == metrics.LOG_DROPPED.name)
    connected = [value for name, value in values if name == metrics.DATABASE_UP.name]
    findings = []
    if connected:
        findings.append(
            _either(
                "logging",
                good=min(connected) >= 1,
                told="the model server writes to PostgreSQL",
                problem="the model server cannot write to PostgreSQL; predictions wait on its disk",
                fix="check the database and the URL that the model server has; nothing is lost meanwhile",
            )
        )
    if dropped:
        told = f"{dropped:,.0f} predictions could not be logged"
        findings.append(Finding("dropped", "problem", told, "give the spool more disk, then see its log"))
    return tuple(findings)


def _plain_values(text: str) -> list[tuple[str, float]]:
    lines = (line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))
    return [(each[0].partition("{")[0], float(each[1])) for each in lines if len(each) > 1]


def _down_sentence(down: Sequence[Mapping[str, Any]]) -> str:
    if not down:
        return "Prometheus has no target"
    first = f"{down[0].get('scrapeUrl', '?')}: {down[0].get('lastError', '')}"
    return f"{len(down)} targets are down, such as {first}"


def _is_ours(rule: Mapping[str, Any]) -> bool:
    return any("modelmonitor" in str(rule.get(part, "")) for part in ("name", "query", "labels"))


def _either(check: str, *, good: bool, told: str, problem: str, fix: str) -> Finding:
    return Finding(check, "ok", told) if good else Finding(check, "problem", problem, fix)
