from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def controller(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "COLUMNS": "120"}
    command = [sys.executable, "-m", "controller", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT)


def test_render_needs_no_cluster() -> None:
    done = controller("render", "-f", "manifests/samples/minimal.yaml")

    kinds = [line.removeprefix("kind: ") for line in done.stdout.splitlines() if line.startswith("kind: ")]
    assert (done.returncode, done.stderr) == (0, "")
    assert kinds == [
        "ConfigMap",
        "ServiceAccount",
        "Role",
        "RoleBinding",
        "CronJob",
        "CronJob",
        "CronJob",
        "CronJob",
        "CronJob",
        "PodMonitor",
        "PrometheusRule",
    ]


def test_crd_prints_the_generated_one() -> None:
    done = controller("crd")

    generated = (ROOT / "manifests/crds/modelmonitors.yaml").read_text()
    assert done.returncode == 0
    assert "name: modelmonitors.modelmonitor.io" in done.stdout
    assert "name: modelmonitors.modelmonitor.io" in generated


def test_an_invalid_monitor_is_told_by_line_and_fix(tmp_path: Path) -> None:
    text = (ROOT / "manifests/samples/minimal.yaml").read_text()
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(text.replace("inferenceService", "inferenceServise"))

    done = controller("render", "-f", str(wrong))

    assert done.returncode == 2
    assert "line 5" in done.stderr
    assert "did you mean inferenceService" in done.stderr


def test_engine_ray_is_refused(tmp_path: Path) -> None:
    ray = tmp_path / "ray.yaml"
    ray.write_text((ROOT / "manifests/samples/minimal.yaml").read_text() + "  job: {engine: ray}\n")

    done = controller("render", "-f", str(ray))

    assert done.returncode == 2
    assert "not built yet" in done.stderr


def test_without_a_cluster_run_says_what_to_do(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "controller", "run", "--all-namespaces"]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "MM_OPERATOR_PORT": "0"}

    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT)

    assert done.returncode == 2
    assert (
        done.stderr == "There is no service account and no kubeconfig: run it in a pod, or set KUBECONFIG.\n"
    )


def test_the_operator_imports_nothing_of_the_model_stack() -> None:
    heavy = "{'kubernetes_asyncio', 'numpy', 'torch', 'mlflow', 'psycopg2', 'scipy', 'pandas'}"
    script = f"import sys, controller.cli; print(sorted({heavy} & set(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)

    assert done.stdout.strip() == "[]", done.stderr
