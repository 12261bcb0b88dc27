"""The operator's command line: run it, or print what it would make."""

from __future__ import annotations

import asyncio
import base64
import logging
import signal
import sys
from io import StringIO
from pathlib import Path
from typing import Annotated, Any

import typer
from ruamel.yaml import YAML

from controller.desired.discovery import completed, discover
from controller.desired.plan import plan
from controller.desired.rights import operator_role
from controller.desired.webhook_configuration import service_client, webhook_configuration, webhook_role
from controller.handlers.dashboard_files import UnreadableDashboards
from controller.handlers.http import CannotListen
from controller.handlers.login import NotInACluster, connect
from controller.handlers.operator import PartEnded, defaults, run_operator
from controller.handlers.webhook import Looking, UnreadableCertificate, run_webhook
from controller.manifest import CHILD_KINDS, Capabilities
from controller.observation import TargetFacts, static_selector
from controller.settings import OperatorSettings, WebhookSettings
from controller.telemetry import log_as_json
from modelmonitor.api.crd import custom_resource_definition
from modelmonitor.api.load import InvalidMonitor, load_monitor
from modelmonitor.cli.validate import read_file
from modelmonitor.environment import Settings, WrongEnvironment, read_environment

app = typer.Typer(help="The ModelMonitor operator.", no_args_is_help=True, add_completion=False)
FAILED = 1
BAD_INPUT = 2
_LOG = logging.getLogger("controller")

Files = Annotated[
    list[Path],
    typer.Option("-f", "--filename", help="ModelMonitor, YAML, or - for standard input; may be repeated."),
]


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
    except (NotInACluster, UnreadableDashboards, CannotListen) as error:
        raise _refused(str(error)) from None
    except PartEnded:
        _LOG.exception("ended")
        raise typer.Exit(FAILED) from None


@app.command()
def render(filename: Files) -> None:
    """Print the objects that the operator makes of ModelMonitors, without a cluster."""
    for file in filename:
        typer.echo(rendered(read_file(file), source=str(file)), nl=False)


@app.command()
def rbac(
    namespace: Annotated[
        list[str] | None, typer.Option(help="A Role for this namespace; without it the ClusterRole.")
    ] = None,
    capture: Annotated[  # noqa: FBT002 - how typer declares a flag
        bool, typer.Option(help="Include the right to set the logger of InferenceServices.")
    ] = True,
) -> None:
    """Print the rights that the operator needs."""
    spaces: list[str | None] = [*namespace] if namespace else [None]
    typer.echo(_yaml([operator_role(namespace=each, capture=capture) for each in spaces]), nl=False)


@app.command()
def webhook() -> None:
    """Run the admission webhook until it is told to stop; its settings are the variables MM_WEBHOOK_…."""
    from controller.handlers.surroundings import NoCluster, Scout
    from controller.handlers.surroundings import connect as connect_dynamic

    settings = _read(WebhookSettings)
    log_as_json(sys.stdout, verbose=settings.verbose)
    try:
        scout = Scout(connect_dynamic(), settings.prometheus_url, settings.mlflow_uri)
        asyncio.run(_until_told(settings, scout))
    except (NoCluster, UnreadableCertificate, CannotListen) as error:
        raise _refused(str(error)) from None


@app.command()
def webhook_config(
    ca: Annotated[Path, typer.Option(help="Certificate, PEM, by which the API server knows the webhook.")],
    namespace: Annotated[str, typer.Option(help="Namespace of the webhook's Service.")],
) -> None:
    """Print what tells the API server of the webhook, and the webhook's rights."""
    try:
        bundle = base64.b64encode(ca.read_bytes()).decode("ascii")
    except OSError as error:
        raise _refused(f"The certificate {ca} cannot be read: {error.strerror}.") from None
    client = service_client(namespace=namespace, ca_bundle=bundle)
    typer.echo(_yaml([webhook_role(), webhook_configuration(client=client)]), nl=False)


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
    everything = Capabilities(frozenset(CHILD_KINDS))
    pods = static_selector(monitor.spec.target)
    found = discover(monitor, TargetFacts(pods), prometheus=None, before=None)
    planned = plan(
        completed(monitor, found), pods=pods, capabilities=everything, defaults=defaults(OperatorSettings())
    )
    return _yaml([dict(desired.manifest) for desired in planned.objects])


def _settings(*, namespace: list[str], all_namespaces: bool) -> OperatorSettings:
    if namespace and all_namespaces:
        raise _refused("Give --namespace or --all-namespaces, not both.")
    chosen: dict[str, Any] = {"namespaces": tuple(namespace)} if namespace or all_namespaces else {}
    return _read(OperatorSettings, **chosen)


def _read(kind: type[Settings], **chosen: Any) -> Settings:  # noqa: ANN401 - of any type
    try:
        return read_environment(kind, **chosen)
    except WrongEnvironment as error:
        raise _refused(f"{error}") from None


async def _until_told(settings: WebhookSettings, scout: Looking) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await run_webhook(settings, scout=scout, stop=stop)


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
