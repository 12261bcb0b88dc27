"""`modelmonitor drift run`: the checks now, in the running local stack or as Jobs in a cluster."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from modelmonitor.cli.cluster_facts import check_lines_of
from modelmonitor.cli.document import check_format, document
from modelmonitor.cli.errors import WrongInput
from modelmonitor.cli.exit_codes import ExitCode
from modelmonitor.cli.local_stack import console, local_settings, monitor_from
from modelmonitor.cli.options import MonitorFile, Output, span
from modelmonitor.cli.places import Places, Where, find_places
from modelmonitor.cli.ran import Ran, sentences, worst
from modelmonitor.cli.subjects import one_subject
from modelmonitor.cli.where import reads_from_somewhere


@reads_from_somewhere
def run(
    where: Where,
    monitor: Annotated[str, typer.Argument(help="Name of the monitor  [default: the one there is]")] = "",
    check: Annotated[str, typer.Option(help="Name of the one check to run, or all")] = "all",
    file: MonitorFile = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="In a cluster: follow the Jobs")] = True,
    patience: Annotated[str, typer.Option(help="In a cluster: how long to follow, such as 30m")] = "30m",
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 20 when a check says drift")
    ] = False,
    output: Output = "table",
) -> None:
    """Run the checks now, over their whole lookback: in the local stack, or in a cluster as Jobs."""
    check_format(output)
    limit = span(patience, option="--patience").total_seconds()
    places = find_places(where, environment=os.environ)
    if places.backend == "url":
        msg = "a run needs a cluster (-n NAMESPACE or --context) or `modelmonitor up`, not addresses"
        raise WrongInput(msg)
    if places.backend == "local":
        runs = _locally(monitor, places, check=check, file=file, data_dir=where.data_dir)
    else:
        runs = _in_cluster(monitor, places, check=check, file=file, patience_s=limit if wait else 0.0)
    if output in {"json", "yaml"}:
        print(document("DriftRunOutcomeList", runs, output=output))
    else:
        for each in runs:
            print("\n".join(sentences(each)))
    if exit_code and worst(runs) != "none":
        raise typer.Exit(ExitCode.DRIFT)


def _locally(
    monitor: str, places: Places, *, check: str, file: Path | None, data_dir: Path | None
) -> tuple[Ran, ...]:
    # Imported here, for a cluster needs nothing of the local stack.
    from modelmonitor.local.addresses import Addresses
    from modelmonitor.local.scheduled import run_check

    settings = local_settings(data_dir)
    monitor_file = settings.data_dir / "monitor.yaml"
    if file is None:
        one_subject(monitor, places)
    else:
        monitor_file = settings.data_dir / "drift-run.yaml"
        monitor_from(file, copy=monitor_file)
    outcome = run_check(
        check,
        monitor_file=monitor_file,
        addresses=Addresses.read(settings.data_dir),
        data_dir=settings.data_dir,
        environment=os.environ,
    )
    if not outcome.succeeded:
        console().print(f"modelmonitor: {outcome.sentences[0]}", markup=False, soft_wrap=True)
        # A job that a signal ended has a negative code, which no shell can tell.
        raise typer.Exit(outcome.exit_code if outcome.exit_code > 0 else ExitCode.ERROR)
    return (Ran(check_lines_of({"status": outcome.output}), outcome.report or ""),)


def _in_cluster(
    monitor: str, places: Places, *, check: str, file: Path | None, patience_s: float
) -> tuple[Ran, ...]:
    from modelmonitor.cli.cluster_run import follow_run, start_runs

    if file is not None:
        msg = "--file is for the local stack: in a cluster a run judges what the applied ModelMonitor says"
        raise WrongInput(msg)
    subject = one_subject(monitor, places)
    jobs = start_runs(subject, places, check=check)
    say = console().print
    if not patience_s:
        for name, job in jobs.items():
            say(f"{name}: job {job} was created", markup=False, soft_wrap=True)
        return ()
    return tuple(
        follow_run(
            subject,
            places,
            check=name,
            job=job,
            patience_s=patience_s,
            say=lambda line: say(line, markup=False, soft_wrap=True),
        )
        for name, job in jobs.items()
    )
