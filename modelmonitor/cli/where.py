"""The options that say where to read, declared once and given to every command that reads."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import fields
from typing import Annotated, Any, Final

import typer

from modelmonitor.cli.options import DataDir
from modelmonitor.cli.places import Where

_OPTIONS: Final[dict[str, tuple[Any, Any]]] = {
    "backend": (
        Annotated[str, typer.Option(help="Where to read: auto, local, cluster or url")],
        "auto",
    ),
    "namespace": (Annotated[str, typer.Option("-n", "--namespace", help="Namespace in the cluster")], ""),
    "all_namespaces": (
        Annotated[bool, typer.Option("-A", "--all-namespaces", help="Every namespace of the cluster")],
        False,
    ),
    "context": (Annotated[str, typer.Option(help="Context of the kubeconfig")], ""),
    "kubeconfig": (Annotated[str, typer.Option(help="Path of the kubeconfig")], ""),
    "predictor_url": (Annotated[str, typer.Option(help="Address of the model server")], ""),
    "prometheus_url": (Annotated[str, typer.Option(help="Address of Prometheus")], ""),
    "data_dir": (DataDir, None),
    "timeout_s": (Annotated[float, typer.Option("--timeout", help="Seconds that one source may take")], 2.0),
}


def reads_from_somewhere(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command, whose first parameter is a `Where`, the options that it is made of."""
    own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]
    shared = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, (kind, default) in _OPTIONS.items()
    ]
    own = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]

    @functools.wraps(command)
    def with_options(**given: Any) -> None:  # noqa: ANN401 - whatever the command declares
        where = Where(**{each.name: given.pop(each.name) for each in fields(Where)})
        command(where, **given)

    parameters = [*own, *shared]
    with_options.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    with_options.__annotations__ = {each.name: each.annotation for each in parameters}
    del with_options.__wrapped__
    return with_options
