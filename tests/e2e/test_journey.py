"""From `helm install` to `helm uninstall`: each test is the next step, its proof seen from outside."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import mlflow
import pytest

from dashboards import dashboards
from tests.dashboards import grafana
from tests.e2e.cluster import eventually
from tests.e2e.journey import MONITOR, RELEASE, START_S, Journey, soon
from tests.e2e.load import Load
from tests.e2e.objects import STACK, THREE_LINES

pytestmark = pytest.mark.timeout(1200)
VALUES = Path(__file__).parent / "manifests/values.yaml"
PREDICTOR = "statefulset/sentiment"
RULES = "modelmonitor-sentiment"
WORKLOADS = (
    "statefulset/modelmonitor-postgresql",
    "deployment/modelmonitor-mlflow",
    "deployment/modelmonitor-operator",
    "statefulset/modelmonitor-collector",
    PREDICTOR,
)
REVIEWS, TWEETS = 400, 1200
# Alerts must be seen within the journey, not after the minutes that suit a page at night.
SOON = [
    {"alert": "ModelMonitorDatabaseDown", "for": "30s"},
    {"alert": "ModelTargetDown", "for": "30s"},
]


def chart(journey: Journey, *more: str) -> list[str]:
    files = [argument for each in (VALUES, *journey.values) for argument in ("-f", str(each))]
    return [RELEASE, str(STACK), *files, *more]


def test_a_model_is_put_on_a_volume(journey: Journey, model: Path) -> None:
    journey.apply("model")
    journey.kubectl("wait", "pod/copy", "--for=condition=Ready", f"--timeout={START_S:.0f}s")
    journey.kubectl("cp", str(model), "copy:/mnt/models/sentiment")
    assert "model.onnx" in journey.kubectl("exec", "copy", "--", "ls", "/mnt/models/sentiment")
    journey.kubectl("delete", "pod/copy")


def test_one_helm_install_brings_every_pod(journey: Journey) -> None:
    notes = journey.helm("install", *chart(journey))
    journey.rolled_out(*WORKLOADS)
    migration = journey.get("job", "-l", "app.kubernetes.io/component=migration")["items"][0]
    journey.kubectl(
        "wait", f"job/{migration['metadata']['name']}", "--for=condition=Complete", "--timeout=300s"
    )
    assert "kubectl apply -f -" in notes


def test_the_model_answers(journey: Journey) -> None:
    sentences = {"This is absolutely amazing! I love it!": "POSITIVE", "This is terrible.": "NEGATIVE"}
    with journey.predictor() as url:
        answers = {text: predict(url, text) for text in sentences}
    assert answers == sentences


def predict(url: str, text: str) -> str:
    request = urllib.request.Request(
        f"{url}/predict", json.dumps({"text": text}).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        return str(json.load(answer)["sentiment"])


def test_helm_test_passes(journey: Journey) -> None:
    said = journey.helm("test", RELEASE, "--timeout", "5m")
    assert "Phase:          Failed" not in said
    assert said.count("Phase:          Succeeded") >= 4


def test_three_lines_make_a_monitor_that_is_ready(journey: Journey) -> None:
    journey.cluster.apply(THREE_LINES.replace("NAMESPACE", journey.namespace))
    reasons = journey.wait_for(Ready="True", TargetReachable="True", RulesLoaded="True")
    assert reasons == {
        "Ready": "ObjectsApplied",
        "TargetReachable": "ScrapeSucceeded",
        "RulesLoaded": "RulesApplied",
    }


def test_texts_for_the_reference_are_brought_into_a_cluster_without_internet(
    journey: Journey, tmp_path: Path
) -> None:
    rows = [json.dumps({"text": each.text, "label": each.label}) for each in journey.texts.reviews.reference]
    (tmp_path / "reviews.ndjson").write_text("\n".join(rows), encoding="utf-8")
    file = str(tmp_path / "reviews.ndjson")
    command = [str(Path(sys.executable).with_name("modelmonitor")), "reference", "import"]
    with journey.database_url() as url:
        environment = os.environ | {"MM_DATABASE_URL": url}
        subprocess.run([*command, "movie-reviews", file], env=environment, check=True)


def test_movie_reviews_are_no_drift(journey: Journey) -> None:
    sent = journey.send(journey.texts.reviews.traffic[:REVIEWS])
    eventually(
        lambda: journey.logged(sent) == REVIEWS,
        within_s=60,
        what="every review in the prediction log",
    )
    for check in ("data", "concept", "performance"):
        journey.run_now(f"sentiment-{check}")
    assert journey.wait_for(DriftDetected="False", Ready="True", ReferenceReady="True") == {
        "DriftDetected": "NoDrift",
        "Ready": "ObjectsApplied",
        "ReferenceReady": "ReferenceStored",
    }
    assert [journey.check(name)["verdict"] for name in ("data", "concept", "performance")] == ["NoDrift"] * 3
    assert journey.alerts("ModelDriftDetected") == []


def test_tweets_are_found_by_a_pod_that_the_cron_job_started(journey: Journey) -> None:
    journey.apply("receiver")
    journey.rolled_out("deployment/receiver")
    journey.send(journey.texts.tweets[:TWEETS])
    checks = [
        {"name": "data", "type": "data", "schedule": soon(), "segments": ["channel"]},
        *({"name": each, "type": each} for each in ("concept", "performance")),
    ]
    notify = {"webhook": {"secretName": "receiver", "key": "url"}}
    journey.patch_monitor({"checks": checks, "alerts": {"notify": notify, "overrides": SOON}})
    job = eventually(lambda: scheduled(journey), within_s=300, what="a job that CronJob sentiment-data began")
    journey.kubectl("wait", f"job/{job}", "--for=condition=Complete", "--timeout=300s")
    pods = journey.get("pods", "-l", f"job-name={job}")["items"]
    assert [pod["status"]["phase"] for pod in pods] == ["Succeeded"]
    assert journey.check("data")["verdict"] == "Drift"


def scheduled(journey: Journey) -> str | None:
    """Name of a job that the CronJob's own schedule started."""
    for job in journey.get("jobs")["items"]:
        owner = job["metadata"].get("ownerReferences", [{}])[0].get("name")
        notes = job["metadata"].get("annotations", {})
        if owner == "sentiment-data" and "batch.kubernetes.io/cronjob-scheduled-timestamp" in notes:
            return str(job["metadata"]["name"])
    return None


def test_the_drift_is_in_kubectl_get(journey: Journey) -> None:
    assert journey.wait_for(DriftDetected="True") == {"DriftDetected": "DataDrift"}
    head, row = journey.kubectl("get", "modelmonitors").splitlines()
    shown = dict(zip(head.split(), row.split(), strict=False))
    assert (shown["NAME"], shown["TARGET"], shown["DRIFT"]) == (MONITOR, "sentiment", "data")
    assert shown["VERDICT"] in ("Warning", "Critical")
    assert 0.5 < float(shown["CONFIDENCE"]) < 1


def test_the_alert_fires_in_prometheus(journey: Journey) -> None:
    severities = eventually(
        lambda: journey.alerts("ModelDriftDetected"), within_s=120, what="the alert ModelDriftDetected"
    )
    assert severities == [journey.check("data")["severity"]]


def test_alertmanager_delivers_a_notification(journey: Journey) -> None:
    bodies = eventually(
        lambda: journey.notifications("ModelDriftDetected"), within_s=180, what="a webhook of Alertmanager"
    )
    labels = bodies[0]["alerts"][0]["labels"]
    assert (bodies[0]["status"], labels["modelmonitor"], labels["check"]) == ("firing", MONITOR, "data")
    assert bodies[0]["alerts"][0]["annotations"]["runbook_url"].endswith("/ModelDriftDetected")


def test_the_alert_is_a_row_in_monitoring_alerts(journey: Journey) -> None:
    query = "SELECT labels->>'check', ends_at FROM monitoring_alerts WHERE alertname = 'ModelDriftDetected'"
    rows = eventually(lambda: journey.sql(query), within_s=120, what="a row in monitoring_alerts")
    assert rows == [("data", None)]


def test_mlflow_has_the_run_with_its_report(journey: Journey) -> None:
    with journey.cluster.forward("svc/modelmonitor-mlflow", 5000, namespace=journey.namespace) as port:
        client = mlflow.MlflowClient(f"http://127.0.0.1:{port}")
        experiment = client.get_experiment_by_name(f"modelmonitor/{MONITOR}")
        assert experiment is not None
        runs = client.search_runs([experiment.experiment_id])
        artifacts = [{each.path for each in client.list_artifacts(run.info.run_id)} for run in runs]
    assert len(runs) == 4
    assert all(each >= {"report.html", "report.json"} for each in artifacts)


def test_every_query_of_every_dashboard_returns_data(journey: Journey) -> None:
    cron_jobs = journey.get("cronjobs", "-l", f"modelmonitor.io/monitor={MONITOR}")["items"]
    names = [each["metadata"]["name"] for each in cron_jobs]
    journey.run_now(next(name for name in names if "upkeep" in name))
    empty: list[str] = []

    def filled() -> bool:
        # What shows the operator's work is empty while it has none.
        journey.kubectl("annotate", "modelmonitor", MONITOR, f"looked-at={time.time()}", "--overwrite")
        empty[:] = empty_queries(journey)
        return not empty

    with Load(journey):
        eventually(filled, within_s=240, every_s=10, what=lambda: f"data for {empty}")


def empty_queries(journey: Journey) -> Iterator[str]:
    scope = {"namespace": journey.namespace, "monitor": MONITOR, "deployment": "sentiment"}
    with journey.prometheus() as server:
        for title, target in targets():
            if "expr" in target:
                expr = grafana.promql(target["expr"], variables=scope, spans=grafana.MINUTES)
                found: list[Any] = [each for each in server.values(expr) if math.isfinite(each)]
            else:
                query = grafana.sql(target["rawSql"], since=timedelta(days=7), variables=scope)
                found = [each for row in journey.sql(query) for each in row if each is not None]
            if not found:
                yield title


def targets() -> Iterator[tuple[str, dict[str, Any]]]:
    for dashboard in (each.to_json() for each in dashboards()):
        for panel in dashboard["panels"]:
            for target in panel.get("targets", ()):
                yield f"{dashboard['uid']}: {panel['title']} {target['refId']}", target


def test_grafana_offers_every_dashboard(journey: Journey) -> None:
    if not journey.cluster.exists("-n", journey.namespace, "deployment/modelmonitor-grafana"):
        pytest.skip("the values given switch Grafana off")
    login = ":".join(journey.secret("modelmonitor-grafana", f"admin-{each}") for each in ("user", "password"))
    with journey.cluster.forward("svc/modelmonitor-grafana", 3000, namespace=journey.namespace) as port:
        address = f"http://127.0.0.1:{port}/api/search?type=dash-db"
        request = urllib.request.Request(
            address, headers={"Authorization": f"Basic {b64encode(login.encode()).decode()}"}
        )
        with urllib.request.urlopen(request) as answer:
            offered = {each["uid"] for each in json.load(answer)}
    assert offered >= {each.to_json()["uid"] for each in dashboards()}


def test_two_minutes_without_postgresql_lose_and_double_no_row(journey: Journey) -> None:
    with Load(journey) as load:
        eventually(lambda: len(load.answered) > 20, within_s=60, what="answers")
        journey.kubectl("scale", "statefulset/modelmonitor-postgresql", "--replicas=0")
        journey.kubectl("delete", "pod/modelmonitor-postgresql-0", "--grace-period=0", "--force")
        killed, before = time.monotonic(), len(load.answered)
        eventually(
            lambda: journey.alerts("ModelMonitorDatabaseDown"), within_s=180, what="ModelMonitorDatabaseDown"
        )
        # The log is on a volume of the replica, so not even the death of its pod loses what waits there.
        journey.kubectl("delete", "pod/sentiment-0", "--grace-period=0", "--force")
        time.sleep(max(0.0, 120 - (time.monotonic() - killed)))
        journey.kubectl("scale", "statefulset/modelmonitor-postgresql", "--replicas=1")
        journey.rolled_out("statefulset/modelmonitor-postgresql", PREDICTOR)
        after = len(load.answered)
        eventually(lambda: len(load.answered) > after + 20, within_s=120, what="answers after the outage")
    assert after > before
    eventually(
        lambda: journey.logged(load.answered) == len(load.answered),
        within_s=120,
        what=f"{len(load.answered)} rows, each once",
    )
    assert doubled(journey) == 0
    eventually(
        lambda: not journey.alerts("ModelMonitorDatabaseDown"),
        within_s=120,
        what="the alert's end in Prometheus",
    )
    resolved = "SELECT ends_at FROM monitoring_alerts WHERE alertname = 'ModelMonitorDatabaseDown'"
    eventually(
        lambda: all(row[0] for row in journey.sql(resolved)) and journey.sql(resolved),
        within_s=420,
        what="the alert's end in monitoring_alerts",
    )


def doubled(journey: Journey) -> int:
    query = "SELECT count(*) - count(DISTINCT prediction_id) FROM prediction_logs"
    return int(journey.sql(query)[0][0])


def test_a_deleted_prometheus_rule_is_restored(journey: Journey) -> None:
    before = journey.get("prometheusrule", RULES)
    journey.kubectl("delete", "prometheusrule", RULES)
    eventually(
        lambda: journey.cluster.exists("-n", journey.namespace, "prometheusrule", RULES),
        within_s=60,
        what="the PrometheusRule",
    )
    after = journey.get("prometheusrule", RULES)
    assert after["metadata"]["uid"] != before["metadata"]["uid"]
    assert after["spec"] == before["spec"]


def test_a_deleted_operator_pod_repeats_nothing(journey: Journey) -> None:
    before = traces(journey)
    journey.kubectl("delete", "pod", "-l", "app.kubernetes.io/component=operator", "--wait=true")
    journey.rolled_out("deployment/modelmonitor-operator")
    with journey.prometheus() as server:
        eventually(
            lambda: server.values("modelmonitor_operator_monitors") == [1.0],
            within_s=120,
            what="the new pod's metrics",
        )
    time.sleep(60)
    assert traces(journey) == before


def traces(journey: Journey) -> dict[str, Any]:
    """What a second go at anything would change."""
    kinds = "cronjobs,jobs,prometheusrules,podmonitors,alertmanagerconfigs,configmaps"
    children = journey.get(kinds, "-l", f"modelmonitor.io/monitor={MONITOR}")["items"]
    return {
        "objects": {
            f"{each['kind']}/{each['metadata']['name']}": each["metadata"]["resourceVersion"]
            for each in children
        },
        "runs": journey.sql("SELECT count(DISTINCT run_id) FROM drift_results"),
        "alerts": journey.sql("SELECT fingerprint, starts_at FROM monitoring_alerts ORDER BY 1, 2"),
        "notifications": len(journey.notifications("ModelDriftDetected")),
    }


def test_a_removed_predictor_is_alerted(journey: Journey) -> None:
    journey.kubectl("delete", PREDICTOR)
    eventually(lambda: journey.alerts("ModelTargetDown"), within_s=240, what="the alert ModelTargetDown")
    assert journey.alerts("ModelTargetDown") == ["critical"]


def test_an_upgrade_brings_it_back_and_a_rollback_keeps_the_data(journey: Journey) -> None:
    rows = "SELECT count(*) FROM prediction_logs"
    before = journey.sql(rows)
    password = journey.secret("modelmonitor-postgresql", "owner-password")
    journey.helm("upgrade", *chart(journey, "--set", "modelmonitor.collector.replicas=2"))
    journey.rolled_out("statefulset/modelmonitor-collector", PREDICTOR)
    assert journey.get("statefulset", "modelmonitor-collector")["status"]["readyReplicas"] == 2
    eventually(lambda: not journey.alerts("ModelTargetDown"), within_s=180, what="the end of ModelTargetDown")
    journey.helm("rollback", RELEASE, "1")
    journey.rolled_out("statefulset/modelmonitor-collector", "statefulset/modelmonitor-postgresql", PREDICTOR)
    assert journey.get("statefulset", "modelmonitor-collector")["spec"]["replicas"] == 1
    assert journey.sql(rows) == before
    assert journey.secret("modelmonitor-postgresql", "owner-password") == password


def test_uninstall_leaves_the_crd_the_volumes_and_their_passwords(journey: Journey) -> None:
    journey.kubectl("delete", "modelmonitor", MONITOR)
    journey.helm("uninstall", RELEASE, "--wait", "--timeout", "5m")
    journey.delete("receiver")
    eventually(lambda: not leftovers(journey), within_s=START_S, what="nothing but what is kept")
    assert journey.cluster.exists("crd", "modelmonitors.modelmonitor.io")
    claims = [each["metadata"]["name"] for each in journey.get("pvc")["items"]]
    assert sorted(claims) == [
        "data-modelmonitor-postgresql-0",
        "model",
        "modelmonitor-mlflow",
        "spool-modelmonitor-collector-0",
        "spool-modelmonitor-collector-1",
        "spool-sentiment-0",
    ]
    assert set(journey.secret("modelmonitor-postgresql", "owner-password")) != set()


def leftovers(journey: Journey) -> list[str]:
    """Objects of the release or of its monitor that are still there."""
    own = "all,configmap,secret,serviceaccount,role,rolebinding,networkpolicy,pdb,cronjob,job"
    operators = "prometheusrule,servicemonitor,podmonitor,alertmanagerconfig,modelmonitor"
    everywhere = ("clusterrole,clusterrolebinding", "-l", f"app.kubernetes.io/instance={RELEASE}")
    found = [
        *journey.get(f"{own},{operators}")["items"],
        *journey.cluster.get(*everywhere)["items"],
    ]
    kept = {"ServiceAccount/default", "ConfigMap/kube-root-ca.crt", "Secret/modelmonitor-postgresql"}
    names = {f"{each['kind']}/{each['metadata']['name']}" for each in found}
    return sorted(names - kept)
