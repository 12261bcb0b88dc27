"""`modelmonitor approve`: let a training that waits for a person start."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

import typer

from modelmonitor.api.conditions import ConditionType, Reason
from modelmonitor.api.retrain import APPROVAL
from modelmonitor.cli.errors import NotFound, WrongInput
from modelmonitor.cli.places import Where, find_places
from modelmonitor.cli.sources.cluster import annotate_monitor
from modelmonitor.cli.subjects import one_subject
from modelmonitor.cli.where import reads_from_somewhere

_ASKED: Final = re.compile(re.escape(APPROVAL) + r"=(\S+)")


@reads_from_somewhere
def approve(
    where: Where,
    monitor: Annotated[str, typer.Argument(help="Name of the monitor  [default: the one there is]")] = "",
    trigger: Annotated[str, typer.Option(help="Identity of the trigger that you looked at")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what waits")] = False,
) -> None:
    """Approve the training that a monitor in a cluster waits with; --trigger approves only that one."""
    places = find_places(where, environment=os.environ)
    if places.backend != "cluster":
        msg = (
            "trainings are started by the operator, so only a monitor in a cluster can be approved: "
            "give -n NAMESPACE or --context"
        )
        raise WrongInput(msg)
    subject = one_subject(monitor, places)
    waiting, sentence = waiting_trigger(subject.found)
    if trigger not in ("", waiting):
        msg = f"{subject.name} waits with trigger {waiting}, not {trigger}: look at it again"
        raise WrongInput(msg)
    if dry_run:
        print(sentence)
        return
    annotate_monitor(places, name=subject.name, namespace=subject.namespace, annotations={APPROVAL: waiting})
    print(f"approved trigger {waiting} of {subject.namespace}/{subject.name}; the training starts now")


def waiting_trigger(found: Mapping[str, Any]) -> tuple[str, str]:
    """Identity of the trigger that waits for approval, and the operator's sentence about it.

    Raises:
        NotFound: nothing waits.
    """
    name = found["metadata"]["name"]
    conditions = (found.get("status") or {}).get("conditions", ())
    told = next((each for each in conditions if each["type"] == ConditionType.RETRAIN_TRIGGERED), None)
    asked = _ASKED.search(told.get("message", "")) if told else None
    if told is None or asked is None or told.get("reason") != Reason.AWAITING_APPROVAL:
        why = f" ({told.get('reason', '')}: {told.get('message', '')})" if told else ""
        msg = f"no training of {name} waits for approval{why}: `modelmonitor status {name}` says how it is"
        raise NotFound(msg)
    return asked[1], str(told["message"])
