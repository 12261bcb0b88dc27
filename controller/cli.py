"""The operator's command line: run it, or print what it would make."""

from __future__ import annotations

import asyncio
import sys
from io import StringIO
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from ruamel.yaml import YAML

from controller.desired.plan import plan
from controller.desired.rights import operator_role
from controller.handlers.login import NotInACluster, connect
from controller.handlers.operator import defaults, run_operator
from controller.manifest import CHILD_KINDS, Capabilities
from controller.observation import static_selector
from controller.reading import RAY_NOT_BUILT
from controller.settings import PREFIX, OperatorSettings
from controller.telemetry import log_as_json
from modelmonitor.api.crd import custom_resource_definition
from modelmonitor.api.load import InvalidMonitor, load_monitor

app = typer.Typer(help="The ModelMonitor operator.", no_args_is_help=True, add_completion=False)
BAD_INPUT = 2

Files = Annotated[list[Path], typer.Option("-f", "--filename", help="ModelMonitor, YAML; may be repeated.")]


@app.command()
def run(
    namespace: Annotated[
        list[str] | None, typer.Option(help="Look after this namespace; may be repeated.")
    ] = None,
    all_namespaces: Annotated[  # noqa: FBT002 - how typer declares a flag
        bool, typer.Option("--all-namespaces", help="Look after all namespaces.")
    ] = False,
) -> None:
    """Run the operator until it is told to stop; settings come from the environment (MM_OPERATOR_…)."""
    settings = _settings(namespace=namespace or [], all_namespaces=all_namespaces)
    log_as_json(sys.stdout, verbose=settings.verbose)
    try:
        asyncio.run(run_operator(settings, connect=connect, stop=asyncio.Event()))
    except NotInACluster as error:
        raise _refused(str(error)) from None


@app.command()
def render(filename: Files) -> None:
    """Print the objects that the operator makes of ModelMonitors, without a cluster."""
    for file in filename:
        typer.echo(rendered(file.read_text(encoding="utf-8"), source=str(file)), nl=False)


@app.command()
def rbac(
    namespace: Annotated[
        list[str] | None, typer.Option(help="A Role for this namespace; without it the ClusterRole.")
    ] = None,
) -> None:
    """Print the rights that the operator needs."""
    spaces: list[str | None] = [*namespace] if namespace else [None]
    typer.echo(_yaml([operator_role(namespace=each) for each in spaces]), nl=False)


@app.command()
def crd() -> None:
    """Print the CustomResourceDefinition."""
    typer.echo(_yaml([custom_resource_definition()]), nl=False)


def rendered(text: str, *, source: str) -> str:
    """The objects of one ModelMonitor as YAML; no PodMonitor for a Service, whose pods a cluster must tell.

    Args:
        text: the ModelMonitor.
        source: its file, for messages.
    """
    try:
        monitor = load_monitor(text, source=source)
    except InvalidMonitor as error:
        raise _refused(str(error)) from None
    if monitor.spec.job.engine == "ray":
        raise _refused(f"{source}: {RAY_NOT_BUILT}")
    everything = Capabilities(frozenset(CHILD_KINDS))
    pods = static_selector(monitor.spec.target)
    planned = plan(monitor, pods=pods, capabilities=everything, defaults=defaults(OperatorSettings()))
    return _yaml([dict(desired.manifest) for desired in planned.objects])


def _settings(*, namespace: list[str], all_namespaces: bool) -> OperatorSettings:
    if namespace and all_namespaces:
        raise _refused("Give --namespace or --all-namespaces, not both.")
    chosen: dict[str, Any] = {"namespaces": tuple(namespace)} if namespace or all_namespaces else {}
    try:
        return OperatorSettings(**chosen)
    except ValidationError as error:
        problems = (
            f"{PREFIX}{'_'.join(map(str, each['loc'])).upper()}: {each['msg']}" for each in error.errors()
        )
        raise _refused(f"The environment is not right: {'; '.join(problems)}.") from None


def _refused(sentence: str) -> typer.Exit:
    typer.echo(sentence, err=True)
    return typer.Exit(BAD_INPUT)


def _yaml(documents: list[dict[str, Any]]) -> str:
    writer = YAML()
    writer.width = 4096  # PromQL on one line can be searched for
    writer.indent(mapping=2, sequence=4, offset=2)
    writer.explicit_start = True
    writer.representer.ignore_aliases = lambda *_: True
    text = StringIO()
    writer.dump_all(documents, text)
    return text.getvalue()
