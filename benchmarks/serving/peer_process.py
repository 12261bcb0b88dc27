"""A peer in its own virtual environment: made once, started, asked whether it serves the same model."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx

from benchmarks.serving.peer import Peer
from benchmarks.serving.serve import HOST, Serving
from modelmonitor.local.errors import ProcessFailed
from modelmonitor.local.ports import free_port
from modelmonitor.local.process import ChildProcess

_START_S: Final = 300.0
_INSTALL_S: Final = 1800.0


class PeerUnusable(RuntimeError):
    """The peer did not install, start or answer; the message ends with its own last line."""


def installed(peer: Peer, *, cache: Path, uv: str) -> Path:
    """The `bin` folder of the peer's environment, made unless it is there with the same requirements.

    Raises:
        PeerUnusable: it does not install.
    """
    folder = (cache / "venvs" / peer.environment).absolute()
    marker = folder / "requirements.json"
    wanted = json.dumps([*peer.requirements])
    if not marker.exists() or marker.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        _run([uv, "venv", "--quiet", "--python", "3.11", str(folder)])
        _run(
            [uv, "pip", "install", "--quiet", "--python", str(folder / "bin" / "python"), *peer.requirements]
        )
        marker.write_text(wanted)
    return folder / "bin"


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_INSTALL_S)
    if done.returncode:
        raise PeerUnusable(_last_line(done.stderr))


@contextmanager
def peer_server(peer: Peer, model: Path, *, programs: Path, cache: Path) -> Iterator[Serving]:
    """The peer, answering.

    Raises:
        PeerUnusable: it does not start.
    """
    with tempfile.TemporaryDirectory(prefix=f"bench-{peer.environment}-") as name:
        folder, port = Path(name), free_port(0).number
        if (cache / "onnx").is_dir():
            (folder / "onnx").symlink_to((cache / "onnx").absolute())
        peer.prepare(model, port, folder)
        process = ChildProcess(
            peer.name,
            peer.command(model, port, folder),
            environment=_environment(programs) | dict(peer.variables(model, port, folder)),
            log=folder / "log",
        )
        try:
            _start(process, f"http://{HOST}:{port}{peer.ready}")
            yield Serving(process.pid or 0, port)
        finally:
            process.stop()


def _environment(programs: Path) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**inherited, "PATH": f"{programs}:{os.environ['PATH']}", "HF_HUB_OFFLINE": "1"}


def _start(process: ChildProcess, url: str) -> None:
    def answers() -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(url, timeout=5).status_code == httpx.codes.OK
        return False

    try:
        process.start()
        process.wait_ready(answers, timeout_s=_START_S)
    except (ProcessFailed, OSError) as error:
        said = process.log.read_text(errors="replace") if process.log.exists() else ""
        raise PeerUnusable(_last_line(f"{error}\n{said}")) from error


def label_of(peer: Peer, server: Serving, text: str) -> str:
    """What the peer says of a text.

    Raises:
        PeerUnusable: it refuses, or the reply has another shape.
    """
    url = f"http://{HOST}:{server.port}{peer.path}"
    try:
        reply = httpx.post(url, json=peer.body(text), timeout=60)
        reply.raise_for_status()
        return peer.label(reply.json())
    except (httpx.HTTPError, ValueError, LookupError, TypeError) as error:
        raise PeerUnusable(_last_line(f"{type(error).__name__}: {error}")) from error


def exported(model: Path, *, programs: Path, cache: Path) -> None:
    """The model in ONNX under `cache`/onnx, by optimum's own exporter, for peers that want it so.

    Raises:
        PeerUnusable: it cannot be exported.
    """
    target = cache / "onnx"
    marker = target / "exported-from"
    if marker.exists() and marker.read_text() == str(model.resolve()):
        return
    shutil.rmtree(target, ignore_errors=True)
    arguments = ["export", "onnx", "--task", "text-classification", "--model", str(model), str(target)]
    _run([str(programs / "optimum-cli"), *arguments])
    marker.write_text(str(model.resolve()))


def _last_line(text: str) -> str:
    """The last line that names an error, else the last line; tracebacks end in warnings of the clean-up."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"[\w.]*(Error|Exception|ERROR|error): ", line)]
    return (errors or lines or ["it ended without a message"])[-1][:300]
