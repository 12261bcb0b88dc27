from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def controller(*arguments: str, given: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "COLUMNS": "200", **variables}
    command = [sys.executable, "-m", "controller", *arguments]
    return subprocess.run(
        command, input=given, capture_output=True, text=True, env=environment, cwd=ROOT, timeout=60
    )


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


def test_a_monitor_may_come_on_standard_input() -> None:
    text = (ROOT / "manifests/samples/minimal.yaml").read_text()

    piped = controller("render", "-f", "-", given=text)
    named = controller("render", "-f", "manifests/samples/minimal.yaml")

    assert (piped.returncode, piped.stdout) == (0, named.stdout)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "No such file or directory"),
        (b"\xff\xfe", "is not UTF-8 text (byte 0): save it as UTF-8"),
        (b"", "the text is empty; begin with apiVersion"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_in_a_sentence(
    tmp_path: Path, content: bytes | None, sentence: str
) -> None:
    file = tmp_path / "m.yaml"
    if content is not None:
        file.write_bytes(content)

    done = controller("render", "-f", str(file))

    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"MM_OPERATOR_PORT": "many"}, "MM_OPERATOR_PORT: Input should be a valid integer"),
        ({"MM_OPERATOR_NAMESPACES": "ml"}, 'MM_OPERATOR_NAMESPACES: it is not JSON like ["ml"]'),
        ({"KUBECONFIG": "/nowhere"}, "The kubeconfig /nowhere cannot be used (FileNotFoundError"),
        ({"KUBECONFIG": "pyproject.toml"}, "The kubeconfig pyproject.toml cannot be used ("),
    ],
)
def test_what_it_cannot_start_with_is_told_in_a_sentence(variables: dict[str, str], sentence: str) -> None:
    done = controller("run", "--namespace", "ml", **{"MM_OPERATOR_PORT": "0", **variables})

    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_named_with_its_setting(tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(
        "{current-context: a, clusters: [{name: a, cluster: {server: 'https://127.0.0.1:1'}}], "
        "users: [{name: a, user: {token: x}}], contexts: [{name: a, context: {cluster: a, user: a}}]}"
    )
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        address = {"MM_OPERATOR_HOST": "127.0.0.1", "MM_OPERATOR_PORT": port}
        done = controller("run", "--namespace", "ml", KUBECONFIG=str(kubeconfig), **address)

    assert done.returncode == 2
    assert done.stderr == (
        f"Port {port} of 127.0.0.1 cannot be listened on (Address already in use): "
        "change MM_OPERATOR_HOST or MM_OPERATOR_PORT.\n"
    )
