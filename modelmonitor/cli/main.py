"""The `modelmonitor` command: the only place that turns errors into sentences and exit codes."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.console import Console

from modelmonitor.cli.exit_codes import ExitCode

app = typer.Typer(
    name="modelmonitor",
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


def _register() -> None:
    from modelmonitor.cli import demo, drift, up, validate

    app.command("demo")(demo.demo)
    app.command("up")(up.up)
    app.command("validate")(validate.validate)
    app.add_typer(drift.app, name="drift")


def main() -> None:
    """Entry point: run the command, and answer a known failure with one sentence on standard error."""
    _register()
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)
    except Exception as error:
        from modelmonitor.cli.failures import exit_code_of

        code = exit_code_of(error)
        if code is None:
            raise
        Console(stderr=True, highlight=False, soft_wrap=True).print(f"modelmonitor: {error}", markup=False)
        sys.exit(code)
