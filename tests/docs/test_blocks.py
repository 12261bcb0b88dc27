"""Every fenced block is something that a test reads: shells, YAML, JSON, Python; none is only decoration."""

from __future__ import annotations

import ast
import importlib
import json
import re
import shlex
import subprocess
from itertools import pairwise
from typing import Any

import pytest
from ruamel.yaml import YAML

from modelmonitor.api.load import load_monitor
from tests.charts.conftest import Helm, helm
from tests.docs.pages import BLOCKS, MINIMAL, ROOT, Block

__all__ = ["helm"]
SHELL = ("bash", "sh", "console")
# Programs that pages call, and what else may begin a line of a shell block.
PROGRAMS = {
    *(
        "modelmonitor",
        "kubectl",
        "helm",
        "make",
        "curl",
        "python",
        "docker",
        "kind",
        "pip",
        "source",
        "export",
    ),
    *("for", "do", "done", "secret()", "}", "cd", "git"),
}
VERBS = {
    *("apply", "get", "describe", "wait", "logs", "annotate", "create", "delete", "patch", "label", "edit"),
    *(
        "port-forward",
        "exec",
        "rollout",
        "modelmonitor",
        "auth",
        "top",
        "scale",
        "run",
        "cluster-info",
        "explain",
    ),
}
LANGUAGES = {
    *("", *SHELL),
    *("yaml", "json", "python", "sql", "promql", "csv", "text", "lua"),
}
# Files of other programs: what they must say at the top.
FOREIGN = ({"receivers"}, {"ignoreDifferences"})


def fenced(*languages: str) -> list[Block]:
    return [block for block in BLOCKS if block.language in languages]


def test_every_block_is_in_a_language_that_a_test_reads() -> None:
    assert {block.language for block in BLOCKS if block.language is not None} <= LANGUAGES


def lines(block: Block) -> list[list[str]]:
    """Words of each command of a shell block; here-documents and comments are left out."""
    text = re.sub(r"<<(\w+)\n.*?^\1$", "", block.text, flags=re.MULTILINE | re.DOTALL)
    joined = re.sub(r"\\\n\s*", " ", text)
    plain = [line.removeprefix("$ ") for line in joined.splitlines() if line.strip()]
    words = [shlex.split(line, comments=True) for line in plain]
    return [[word for word in line if not re.fullmatch(r"[A-Z_]+=\S*", word)] for line in words if line]


@pytest.mark.parametrize("block", fenced(*SHELL), ids=str)
def test_every_command_of_a_shell_block_is_of_a_program_that_is_known(block: Block) -> None:
    found = [line for line in lines(block) if line]

    assert {line[0] for line in found} <= PROGRAMS
    for line in found:
        if line[0] == "kubectl":
            assert set(line[1:]) & VERBS, f"{block}: no verb of kubectl in {line}"


TARGETS = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
MAKES = [
    (block, line[1])
    for block in fenced("", *SHELL)
    for line in ([each.split() for each in block.text.splitlines()])
    if len(line) > 1 and line[0] == "make"
]


@pytest.mark.parametrize(("block", "target"), MAKES, ids=str)
def test_every_target_of_make_exists(block: Block, target: str) -> None:
    assert target in TARGETS


HELMS = [
    (block, line)
    for block in fenced("", *SHELL)
    if "helm " in block.text
    for line in lines(block)
    if line[0] == "helm" and any(word.startswith("charts/") for word in line)
]


@pytest.mark.parametrize(("block", "line"), HELMS, ids=lambda value: str(value)[:40])
def test_every_installation_by_helm_renders_with_the_values_that_it_sets(
    block: Block, line: list[str], helm: Helm
) -> None:
    chart = next(word for word in line if word.startswith("charts/"))
    own = [part for pair in pairwise(line) if pair[0] in {"--set", "-f"} for part in pair]
    command = [str(helm.program), "template", "mm", str(ROOT / chart), "--kube-version", "1.34.0", *own]

    rendered = subprocess.run(command, capture_output=True, text=True, timeout=100)

    assert rendered.returncode == 0, f"{block}: {rendered.stderr}"


@pytest.mark.parametrize("block", fenced("yaml"), ids=str)
def test_every_yaml_is_a_monitor_a_part_of_one_or_an_object_that_is_named(block: Block) -> None:
    documents: list[Any] = [each for each in YAML(typ="safe").load_all(block.text) if each]

    for document in documents:
        assert accepted(document), f"{block}: nothing checks {sorted(document)}"


def accepted(document: dict[str, Any]) -> bool:
    if document.get("kind") == "ModelMonitor" or document.get("kind") == "InferenceService":
        return True
    if any(keys <= set(document) for keys in FOREIGN):
        return True
    whole: dict[str, Any] = YAML(typ="safe").load(MINIMAL.read_text())
    whole["spec"] |= document.get("spec", document)
    return load_monitor(json.dumps(whole), source="part").kind == "ModelMonitor"


@pytest.mark.parametrize("block", fenced("json"), ids=str)
def test_every_json_is_json(block: Block) -> None:
    assert json.loads(block.text)


@pytest.mark.parametrize("block", fenced("python"), ids=str)
def test_every_python_compiles_and_finds_what_it_imports(block: Block) -> None:
    for statement in ast.walk(ast.parse(block.text)):
        if isinstance(statement, ast.ImportFrom):
            module = importlib.import_module(str(statement.module))
            assert all(hasattr(module, name.name) for name in statement.names), str(block)
        if isinstance(statement, ast.Import):
            for name in statement.names:
                importlib.import_module(name.name)
