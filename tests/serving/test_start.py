"""A server that cannot start says why in one sentence and ends with a code that tells whose fault it is."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(900)


def ends(server: Any) -> tuple[int, str]:
    code = server.process.wait(180)
    [line] = [line for line in server.log().splitlines() if line.startswith("model_server: ")]
    assert "Traceback" not in server.log()
    return code, line


def test_a_bad_setting_ends_with_2(start_server: Any) -> None:
    code, line = ends(start_server(ready=False, max_batch_texts="many", http_port=1))

    assert (code, "MM_SERVER_MAX_BATCH_TEXTS" in line) == (2, True)


def test_a_missing_model_ends_with_1(start_server: Any, tmp_path: Path) -> None:
    code, line = ends(start_server(ready=False, model_uri=tmp_path / "nowhere"))

    assert (code, "there is no directory" in line) == (1, True)


def test_a_directory_without_a_model_ends_with_1(start_server: Any, tmp_path: Path) -> None:
    code, line = ends(start_server(ready=False, model_uri=tmp_path))

    assert (code, "holds no Hugging Face model" in line) == (1, True)


def test_broken_weights_end_with_1(start_server: Any, tiny_model: Path, tmp_path: Path) -> None:
    broken = shutil.copytree(tiny_model, tmp_path / "broken")
    (broken / "model.safetensors").write_bytes(b"nonsense")
    code, line = ends(start_server(ready=False, model_uri=broken))

    assert (code, "cannot be loaded" in line) == (1, True)


def test_an_encoder_without_a_classifier_ends_with_1(
    start_server: Any, tiny_model: Path, tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    encoder = shutil.copytree(tiny_model, tmp_path / "encoder")
    weights = load_file(encoder / "model.safetensors")
    kept = {name: tensor for name, tensor in weights.items() if not name.startswith("classifier")}
    save_file(kept, encoder / "model.safetensors", metadata={"format": "pt"})
    code, line = ends(start_server(ready=False, model_uri=encoder))

    assert (code, "not a fine-tuned classifier" in line) == (1, True)


def test_a_regression_model_ends_with_1(start_server: Any, tiny_model: Path, tmp_path: Path) -> None:
    regression = shutil.copytree(tiny_model, tmp_path / "regression")
    config = json.loads((regression / "config.json").read_text()) | {"problem_type": "regression"}
    (regression / "config.json").write_text(json.dumps(config))
    code, line = ends(start_server(ready=False, model_uri=regression))

    assert (code, "single-label classifier" in line) == (1, True)


@pytest.mark.parametrize("setting", ["http_port", "grpc_port"])
def test_a_port_in_use_ends_with_1(start_server: Any, setting: str) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        code, line = ends(start_server(ready=False, **{setting: port}))

    assert (code, f"port {port} is in use" in line, f"MM_SERVER_{setting.upper()}" in line) == (1, True, True)


def test_a_spool_of_another_server_ends_with_1(start_server: Any, tmp_path: Path) -> None:
    start_server(spool_dir=tmp_path / "spool")
    code, line = ends(start_server(ready=False, spool_dir=tmp_path / "spool"))

    assert (code, "in use by process" in line) == (1, True)


def test_more_than_one_worker_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "model_server", "--workers", "2"], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "model_server: --workers must be 1" in done.stderr
    assert "run more replicas instead." in done.stderr


def test_an_address_of_another_machine_ends_with_2(start_server: Any) -> None:
    code, line = ends(start_server(ready=False, host="192.0.2.1"))

    assert (code, "MM_SERVER_HOST is 192.0.2.1, which is no address of this machine" in line) == (2, True)
