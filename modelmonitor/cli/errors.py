"""Failures of commands, named for what to do next; each knows its exit code."""

from __future__ import annotations

from modelmonitor.cli.exit_codes import ExitCode


class CommandError(Exception):
    """A command cannot do what it was asked; the message names cause and fix."""

    exit_code: ExitCode = ExitCode.ERROR


class SourceDown(CommandError):
    """A source does not answer: start it, or correct its address."""

    exit_code = ExitCode.UNREACHABLE


class NameWhere(CommandError):
    """Nothing says where to look: name a URL, a data directory or a cluster."""

    exit_code = ExitCode.UNREACHABLE


class NotFound(CommandError):
    """There is nothing of this name: list what there is."""

    exit_code = ExitCode.NOT_FOUND


class WrongInput(CommandError):
    """An option or a file is not what it should be: correct it; nothing was changed."""

    exit_code = ExitCode.BAD_INPUT


class InstallOperatorExtra(CommandError):
    """The Kubernetes client is missing: install the extra."""

    def __init__(self) -> None:
        super().__init__(
            "commands on a cluster need the Kubernetes client: pip install 'modelmonitor[operator]'"
        )
