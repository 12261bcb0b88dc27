"""What holds for every command: help, refusals in a sentence, formats, colours, completions, streams."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from ruamel.yaml import YAML

from modelmonitor.cli.main import app, main

DEAD = "http://127.0.0.1:9"
NOWHERE = ("--predictor-url", DEAD)
# A wrong call of each command: arguments, exit code, and words of the sentence.
WRONG = {
    "status": (("--window", "soon", *NOWHERE), 2, "--window: 'soon' is not a duration"),
    "demo": (("--data-dir", "/proc/none"), 1, "/proc/none"),
    "drift run": (NOWHERE, 2, "a run needs a cluster"),
    "drift list": (NOWHERE, 3, "set MM_DATABASE_URL"),
    "drift show": (("r1", *NOWHERE), 3, "set MM_DATABASE_URL"),
    "drift replay": (("r1", "--data-dir", "elsewhere"), 3, "elsewhere"),
    "reference import": (("reviews", "absent.csv"), 2, "absent.csv"),
    "reference list": (NOWHERE, 3, "MM_DATABASE_URL"),
    "top": (("--interval", "0s"), 2, "--interval 0s has no length"),
    "review": (("--out", "page.html", *NOWHERE), 2, "--out is for the page: add --format html"),
    "report": (("--format", "pdf"), 2, "'pdf' is not an output format"),
    "doctor": (("-o", "xml"), 2, "'xml' is not an output format"),
    "alerts": (("--severity", "loud"), 2, "--severity 'loud' is none"),
    "feedback import": (("absent.csv",), 2, "cannot read absent.csv"),
    "init": (("absent.csv",), 2, "cannot read absent.csv"),
    "render": (("absent.yaml",), 2, "cannot read absent.yaml"),
    "approve": (NOWHERE, 2, "only a monitor in a cluster"),
    "up": (("-f", "absent.yaml"), 2, "cannot read absent.yaml"),
    "validate": (("absent.yaml",), 2, "cannot read absent.yaml"),
}


def leaves() -> list[str]:
    root = typer.main.get_command(app)
    context = root.context_class(root)
    found = []
    for name in root.list_commands(context):
        command = root.get_command(context, name)
        inside = getattr(command, "commands", {})
        found += [f"{name} {each}" for each in inside] or [name]
    return found


COMMANDS = leaves()


@pytest.fixture
def typed(monkeypatch, capsys, tmp_path):
    """Runs the command inside of this process, in an empty folder: a shell for each would take minutes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/nonexistent")
    for name in [name for name in os.environ if name.startswith(("MM_", "KUBE"))]:
        monkeypatch.delenv(name)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["modelmonitor", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run


def test_every_command_has_a_wrong_call_here():
    assert set(COMMANDS) <= set(WRONG)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_wrong_call_is_one_sentence_with_its_exit_code_and_writes_nothing(typed, tmp_path, command):
    arguments, wanted, sentence = WRONG[command]

    code, out, err = typed(*command.split(), *arguments)

    assert (code, out) == (wanted, "")
    assert sentence in " ".join(err.replace("│", " ").split())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_an_option_that_there_is_not_is_named(typed, command):
    code, out, err = typed(*command.split(), "--loud")

    assert (code, out) == (2, "")
    assert "--loud" in err


@pytest.mark.parametrize("command", COMMANDS)
def test_help_goes_to_standard_output(typed, command):
    code, out, err = typed(*command.split(), "--help")

    assert (code, err) == (0, "")
    assert f"modelmonitor {command}" in out


READERS = (["status"], ["drift", "list"], ["drift", "show", "run-2"], ["alerts"], ["doctor"], ["review"])


@pytest.mark.parametrize("arguments", READERS, ids=" ".join)
def test_every_reading_command_has_all_formats(cli, filled, arguments):
    as_json, as_yaml, table, wide = (
        cli(*arguments, "-o", form, MM_DATABASE_URL=filled) for form in ("json", "yaml", "table", "wide")
    )

    told = json.loads(as_json.out)
    same = YAML(typ="safe").load(as_yaml.out)
    assert told["apiVersion"] == "cli.modelmonitor.io/v1"
    assert (same["kind"], len(same["items"])) == (told["kind"], len(told["items"]))
    assert table.out.strip()
    assert wide.out.strip()
    assert "\x1b" not in table.out + wide.out


def on_a_terminal(*arguments: str, **environment: str) -> str:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", "from modelmonitor.cli.main import main; main()", *arguments]
    known = {name: value for name, value in os.environ.items() if not name.startswith(("MM_", "KUBE", "NO_"))}
    process = subprocess.Popen(
        command, stdout=theirs, stderr=theirs, env={**known, "TERM": "xterm-256color", **environment}
    )
    os.close(theirs)
    said = b""
    try:
        while part := os.read(ours, 65536):
            said += part
    except OSError:
        pass
    process.wait(60)
    os.close(ours)
    return said.decode()


def test_colours_are_for_a_terminal_that_wants_them(filled):
    plain = on_a_terminal("status", MM_DATABASE_URL=filled, NO_COLOR="1")
    coloured = on_a_terminal("status", MM_DATABASE_URL=filled)

    assert "\x1b[3" not in plain
    assert "\x1b[3" in coloured or "\x1b[1;3" in coloured


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_of_each_shell_know_the_commands(shell):
    program = Path(sys.executable).parent / "modelmonitor"

    def ask(instruction: str, **words: str) -> str:
        wanted = {"_MODELMONITOR_COMPLETE": f"{instruction}_{shell}", **words}
        done = subprocess.run(
            [program], capture_output=True, text=True, env={**os.environ, **wanted}, timeout=60
        )
        assert "Traceback" not in done.stderr
        return done.stdout

    typed = {"COMP_WORDS": "modelmonitor sta", "COMP_CWORD": "1", "_TYPER_COMPLETE_ARGS": "modelmonitor sta"}
    assert "_MODELMONITOR_COMPLETE" in ask("source")
    assert "status" in ask("complete", **typed, _TYPER_COMPLETE_FISH_ACTION="get-args")
