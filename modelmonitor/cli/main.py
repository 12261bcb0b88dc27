"""The `modelmonitor` command: the only place that turns errors into sentences and exit codes."""

from __future__ import annotations

import importlib
import sys
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from typer.core import TyperGroup

from modelmonitor.cli.errors import CommandError
from modelmonitor.cli.exit_codes import ExitCode

COMMANDS: Final = {
    "status": "modelmonitor.cli.status:status",
    "demo": "modelmonitor.cli.demo:demo",
    "drift": "modelmonitor.cli.drift:app",
    "top": "modelmonitor.cli.top:top",
    "review": "modelmonitor.cli.review:review",
    "report": "modelmonitor.cli.report:report",
    "doctor": "modelmonitor.cli.doctor:doctor",
    "alerts": "modelmonitor.cli.alerts:alerts",
    "feedback": "modelmonitor.cli.feedback:app",
    "reference": "modelmonitor.cli.references:app",
    "init": "modelmonitor.cli.init:init",
    "render": "modelmonitor.cli.render:render",
    "approve": "modelmonitor.cli.approve:approve",
    "up": "modelmonitor.cli.up:up",
    "validate": "modelmonitor.cli.validate:validate",
}


class LazyCommands(TyperGroup):
    """Commands are imported when they are called or listed: a quick one waits for no slow one."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """Names in the order of the table above."""
        return list(COMMANDS)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override] # noqa: ANN401
        """The command of that name, None if there is none."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        found = getattr(importlib.import_module(module), name)
        if not isinstance(found, typer.Typer):
            single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
            single.command(cmd_name)(found)
            found = single
        command = typer.main.get_command(found)
        command.name = cmd_name
        return command


app = typer.Typer(
    name="modelmonitor",
    cls=LazyCommands,
    help="Whether a served model can still be trusted, and why.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)


def _version(show: bool) -> None:
    if show:
        from importlib.metadata import version

        print(f"modelmonitor {version('modelmonitor')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Whether a served model can still be trusted, and why."""


def main() -> None:
    """Entry point: run the command, and answer a known failure with one sentence on standard error."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)
    except CommandError as error:
        _say(error)
        sys.exit(error.exit_code)
    except Exception as error:
        from modelmonitor.cli.failures import exit_code_of

        code = exit_code_of(error)
        if code is None:
            raise
        _say(error)
        sys.exit(code)


def _say(error: Exception) -> None:
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"modelmonitor: {error}", markup=False)
