"""What the tests do with the cluster: ask its parts through forwarded ports, and remember what was sent."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx

from model_server.segment import SEGMENT_HEADER
from modelmonitor.demo.data import LabelledText
from modelmonitor.demo.split import Split
from modelmonitor.store.connection import connect
from tests.dashboards.conftest import Prometheus
from tests.e2e.cluster import Cluster, Json, eventually
from tests.e2e.objects import manifest

RELEASE = "mm"
MONITOR = "sentiment"
CHANNEL = "channel=app"
START_S = 600.0
"""For a pod to be there: on a busy machine an image is unpacked and torch imported for minutes."""


@dataclass(frozen=True)
class Texts:
    """What is sent to the model: what it was trained for, and what it was not."""

    reviews: Split
    tweets: Sequence[LabelledText]


@dataclass
class Journey:
    """One installation from the first `helm install` to `helm uninstall`.

    Attributes:
        values: files for Helm, such as for other images.
    """

    cluster: Cluster
    texts: Texts
    namespace: str
    values: Sequence[Path]

    def kubectl(self, *arguments: str) -> str:
        return self.cluster.kubectl("-n", self.namespace, *arguments)

    def get(self, *arguments: str) -> Json:
        return self.cluster.get("-n", self.namespace, *arguments)

    def apply(self, name: str) -> None:
        self.cluster.kubectl("-n", self.namespace, "apply", "-f", "-", stdin=manifest(name, self.namespace))

    def delete(self, name: str) -> None:
        what = manifest(name, self.namespace)
        self.cluster.kubectl("-n", self.namespace, "delete", "--ignore-not-found", "-f", "-", stdin=what)

    def helm(self, *arguments: str) -> str:
        return self.cluster.helm(*arguments, "--namespace", self.namespace)

    def clear(self) -> None:
        """Take away what this or an earlier journey left."""
        self.cluster.attempt("helm", "uninstall", RELEASE, "-n", self.namespace, "--ignore-not-found")
        for what in (("crd", "modelmonitors.modelmonitor.io"), ("namespace", self.namespace)):
            self.cluster.kubectl("delete", *what, "--ignore-not-found", "--timeout=180s")

    # -- waiting ------------------------------------------------------------------------------------------

    def rolled_out(self, *workloads: str) -> None:
        for each in workloads:
            self.kubectl("rollout", "status", each, f"--timeout={START_S:.0f}s")

    def condition(self, kind: str) -> Json:
        """One condition of the monitor; empty while there is none."""
        found = self.get("modelmonitor", MONITOR).get("status", {}).get("conditions", [])
        return next((each for each in found if each["type"] == kind), {})

    def wait_for(self, **conditions: str) -> dict[str, str]:
        """Reasons of conditions once all have these statuses."""

        seen: dict[str, Json] = {}

        def right() -> bool:
            seen.update({kind: self.condition(kind) for kind in conditions})
            return all(seen[kind].get("status") == status for kind, status in conditions.items())

        eventually(right, within_s=300, what=lambda: f"{conditions}; now {list(seen.values())}")
        return {kind: each["reason"] for kind, each in seen.items()}

    # -- asking -------------------------------------------------------------------------------------------

    def secret(self, name: str, key: str) -> str:
        return base64.b64decode(self.get("secret", name)["data"][key]).decode()

    @contextmanager
    def database_url(self) -> Iterator[str]:
        """The owner's address of PostgreSQL, through a forwarded port."""
        url = urlsplit(self.secret("modelmonitor-database", "url"))
        with self.cluster.forward("svc/modelmonitor-postgresql", 5432, namespace=self.namespace) as port:
            yield urlunsplit(url._replace(netloc=f"{url.username}:{url.password}@127.0.0.1:{port}"))

    def sql(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with (
            self.database_url() as url,
            closing(connect(url, application_name="e2e")) as conn,
            conn,
            conn.cursor() as cursor,
        ):
            cursor.execute(query, parameters or None)
            return list(cursor.fetchall())

    @contextmanager
    def prometheus(self) -> Iterator[Prometheus]:
        with self.cluster.forward("svc/prometheus-operated", 9090, namespace="monitoring") as port:
            yield Prometheus(f"http://127.0.0.1:{port}")

    def alerts(self, name: str) -> list[str]:
        """Severities with which an alert of the monitor fires in Prometheus."""
        with self.prometheus() as server:
            query = f'ALERTS{{alertstate="firing",alertname="{name}",modelmonitor="{MONITOR}"}}'
            return sorted(each["metric"]["severity"] for each in server.get("query", query=query)["result"])

    def notifications(self, name: str) -> list[Json]:
        """Bodies that Alertmanager delivered to the receiver about an alert."""
        log = self.kubectl("logs", "deployment/receiver", "--tail=-1")
        bodies = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
        return [body for body in bodies if body["commonLabels"].get("alertname") == name]

    # -- doing --------------------------------------------------------------------------------------------

    @contextmanager
    def predictor(self) -> Iterator[str]:
        with self.cluster.forward("svc/sentiment", 8080, namespace=self.namespace) as port:
            yield f"http://127.0.0.1:{port}"

    def send(self, texts: Sequence[LabelledText]) -> list[str]:
        """Texts as clients send them; their labels as people send them, to the collector; prediction ids."""
        with self.predictor() as url, httpx.Client(base_url=url, timeout=60) as client:

            def ask(text: LabelledText) -> str:
                answer = client.post("/predict", json={"text": text.text}, headers={SEGMENT_HEADER: CHANNEL})
                return str(answer.raise_for_status().json()["prediction_id"])

            with ThreadPoolExecutor(8) as pool:
                ids = list(pool.map(ask, texts))
        labels = [{"prediction_id": each, "label": text.label} for each, text in zip(ids, texts, strict=True)]
        token = {"Authorization": f"Bearer {self.secret('modelmonitor-collector-token', 'token')}"}
        with self.cluster.forward("svc/modelmonitor-collector", 8080, namespace=self.namespace) as port:
            answer = httpx.post(f"http://127.0.0.1:{port}/feedback", json=labels, headers=token)
        assert answer.json() == {"labels": len(labels), "stored": "spooled"}
        return ids

    def logged(self, ids: Sequence[str]) -> int:
        """Rows in the prediction log with one of these ids."""
        query = "SELECT count(*) FROM prediction_logs WHERE prediction_id = ANY(%s::uuid[])"
        return int(self.sql(query, list(ids))[0][0])

    def patch_monitor(self, spec: Json) -> None:
        self.kubectl("patch", "modelmonitor", MONITOR, "--type=merge", "-p", json.dumps({"spec": spec}))

    def run_now(self, cron_job: str) -> str:
        """A job of a CronJob outside its schedule, and the verdict that its log ends with."""
        name = f"{cron_job}-{datetime.now(UTC):%H%M%S}"
        self.kubectl("create", "job", f"--from=cronjob/{cron_job}", name)
        self.kubectl("wait", f"job/{name}", "--for=condition=Complete", "--timeout=300s")
        return name

    def check(self, name: str) -> Json:
        """The last result of a check, from the monitor's status; empty before the first."""
        found = self.get("modelmonitor", MONITOR).get("status", {}).get("checks", [])
        return next((each for each in found if each["name"] == name), {})


def soon() -> str:
    """A daily schedule whose next start is one to two minutes away."""
    start = datetime.now(UTC) + timedelta(minutes=2)
    return f"{start.minute} {start.hour} * * *"
