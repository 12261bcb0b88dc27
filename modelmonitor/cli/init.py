"""`modelmonitor init`: a first ModelMonitor, with comments."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Final

import typer

from modelmonitor.api.load import load_monitor
from modelmonitor.cli.errors import WrongInput
from modelmonitor.cli.first_monitor import Beginning, capture_of, first_monitor, object_name
from modelmonitor.cli.past_predictions import read_past_predictions
from modelmonitor.cli.places import Where, find_places
from modelmonitor.cli.sources.cluster import get_object
from modelmonitor.cli.validate import read_file
from modelmonitor.cli.where import reads_from_somewhere

_SERVING: Final = ("serving.kserve.io", "v1beta1", "inferenceservices")
_KINDS: Final = {"isvc": "inferenceService", "inferenceservice": "inferenceService"} | {
    "svc": "service",
    "service": "service",
}


@reads_from_somewhere
def init(
    where: Where,
    source: Annotated[
        str, typer.Argument(help="isvc/NAME, service/NAME or a CSV of past predictions", show_default=False)
    ],
    out: Annotated[Path | None, typer.Option("--out", help="File to write  [default: print it]")] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Do not look into the cluster")] = False,
) -> None:
    """Write a commented ModelMonitor from an InferenceService, a Service or a CSV of past predictions."""
    kind, slash, name = source.partition("/")
    if slash and kind in _KINDS:
        beginning = _of_service(_KINDS[kind], name, where, offline=offline)
    else:
        beginning = _of_file(Path(source), where)
    text = first_monitor(beginning)
    # What a person changes next must have been right before.
    load_monitor(text, source=f"the monitor of {source}")
    if out is None:
        print(text, end="")
    else:
        _write(out, text)


def _of_service(target: str, name: str, where: Where, *, offline: bool) -> Beginning:
    if object_name(name) != name:
        msg = f"{name!r} is not the name of an object: use up to 40 lower-case letters, digits and '-'"
        raise WrongInput(msg)
    if offline:
        return Beginning(name, target, "predictor", where.namespace)
    places = find_places(where, environment=os.environ)
    if places.backend != "cluster":
        msg = "no cluster is named to look for it: give --context or -n, or --offline to write it unseen"
        raise WrongInput(msg)
    group, version, plural = _SERVING if target == "inferenceService" else ("", "v1", "services")
    found = get_object(places, group=group, version=version, plural=plural, name=name)
    capture = capture_of(found) if group else "predictor"
    return Beginning(name, target, capture, found["metadata"].get("namespace", where.namespace))


def _of_file(file: Path, where: Where) -> Beginning:
    past = read_past_predictions(read_file(file), source=str(file))
    name = object_name(past.model or file.stem)
    if not name:
        msg = f"{file} names no model: give the file a name of letters and digits"
        raise WrongInput(msg)
    return Beginning(name, "inferenceService", "predictor", where.namespace, past)


def _write(out: Path, text: str) -> None:
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        msg = f"{out} exists and was left as it is: name another file, or remove it"
        raise WrongInput(msg) from None
    except OSError as error:
        msg = f"cannot write {out}: {error.strerror}"
        raise WrongInput(msg) from None
    print(f"wrote {out}: check it with `modelmonitor validate {out}`, then kubectl apply -f {out}")
