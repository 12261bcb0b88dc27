"""What pages tell people to write or to type is accepted: monitors, commands, options."""

from __future__ import annotations

import contextlib
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from modelmonitor.api.load import load_monitor
from modelmonitor.cli.main import app
from tests.docs.pages import BLOCKS, MINIMAL, ROOT, Block

SHELL = ("", "sh", "bash", "console")
NOT_THERE_YET = "not there yet"


def commands(block: Block, program: str) -> Iterator[list[str]]:
    """The words after `program` in each line that calls it; brackets mean "may be left out"."""
    if block.language is not None and block.language not in SHELL:
        return
    for line in re.sub(r"\\\n\s*", " ", block.text).splitlines():
        typed = line.removeprefix("$ ").partition("  #")[0]
        if typed == program or typed.startswith(f"{program} "):
            plain = typed.translate({ord(char): " " for char in "[]…"})
            words = shlex.split(plain.partition(">")[0], comments=True)
            yield words[len(program.split()) :]


def misused(words: list[str], root: Any) -> str | None:
    """Why the command line cannot be right, None if its command and options exist."""
    # Whether click is inside of typer or beside it depends on typer's version, so no class of it is named.
    command, context = root, root.context_class(root)
    for word in words:
        if word.startswith("-") and word != "-":
            name = word.partition("=")[0]
            if not any(name in option.opts + option.secondary_opts for option in command.get_params(context)):
                return f"{command.name} has no option {name}"
        elif hasattr(command, "get_command") and word.islower():
            found = command.get_command(context, word)
            if found is None:
                return f"there is no command {word}"
            command, context = found, found.context_class(found)
    return None


@pytest.fixture(scope="module")
def root() -> Any:
    return typer.main.get_command(app)


MONITORS = [block for block in BLOCKS if block.language == "yaml" and "kind: ModelMonitor" in block.text]
HERE_DOCUMENTS = [
    Block(block.page, block.line, "yaml", match[1])
    for block in BLOCKS
    for match in re.finditer(r"<<EOM\n(.*?)^EOM$", block.text, re.MULTILINE | re.DOTALL)
]


@pytest.mark.parametrize("block", [*MONITORS, *HERE_DOCUMENTS], ids=str)
def test_every_monitor_is_accepted(block: Block) -> None:
    assert load_monitor(block.text, source=str(block)).kind == "ModelMonitor"


CALLS = [(block, words) for block in BLOCKS for words in commands(block, "modelmonitor")]


@pytest.mark.parametrize(("block", "words"), CALLS, ids=str)
def test_every_command_exists(block: Block, words: list[str], root: Any) -> None:
    problem = misused(words, root)

    if NOT_THERE_YET in block.sentence:
        assert problem, f"{block} says that `modelmonitor {shlex.join(words)}` is not there yet, but it is"
    else:
        assert problem is None, f"{block}: {problem}"


def test_commands_and_options_that_do_not_exist_are_noticed(root: Any) -> None:
    block = Block(
        ROOT / "README.md", 1, "bash", "modelmonitor reign\nmodelmonitor up --loud\nmodelmonitor drift rum\n"
    )

    assert [misused(words, root) for words in commands(block, "modelmonitor")] == [
        "there is no command reign",
        "up has no option --loud",
        "there is no command rum",
    ]


ALONE = ("validate", "render", "--version")
RUNNABLE = [(block, words) for block, words in CALLS if words and words[0] in ALONE and "FILE" not in words]


@pytest.mark.parametrize(("block", "words"), RUNNABLE, ids=str)
def test_commands_that_need_no_service_run(block: Block, words: list[str], tmp_path: Path) -> None:
    of_the_page = [each.text for each in MONITORS if each.page == block.page and each.line < block.line]
    (tmp_path / "monitor.yaml").write_text(of_the_page[-1] if of_the_page else MINIMAL.read_text())

    with contextlib.chdir(tmp_path), pytest.raises(SystemExit) as ended:
        app(words)

    assert ended.value.code == 0


def test_some_commands_were_run() -> None:
    assert len(RUNNABLE) >= 3


PRINTED = [
    words
    for block in BLOCKS
    if block.language is not None
    for words in commands(block, "python -m controller")
    if words[0] in {"render", "rbac", "crd"}
]


@pytest.mark.parametrize("words", PRINTED, ids=shlex.join)
def test_what_the_operator_prints_without_a_cluster_is_printed(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from controller.cli import app as operator

    (tmp_path / "monitor.yaml").write_text(MINIMAL.read_text())
    with contextlib.chdir(tmp_path), pytest.raises(SystemExit) as ended:
        operator(words[: words.index("|")] if "|" in words else words)

    assert (ended.value.code, "kind:" in capsys.readouterr().out) == (0, True)
