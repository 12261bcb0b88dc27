"""Our predictor against other servers of the same weights on the same cores, in turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from benchmarks.serving import wire
from benchmarks.serving.closed_loop import closed_loop
from benchmarks.serving.generator import in_own_process
from benchmarks.serving.load_result import LoadFailed
from benchmarks.serving.offline import offline
from benchmarks.serving.outcome import Detail, Figure, Outcome
from benchmarks.serving.peer import Peer
from benchmarks.serving.peer_catalogue import PEERS
from benchmarks.serving.peer_process import PeerUnusable, exported, installed, label_of, peer_server
from benchmarks.serving.plan import Plan
from benchmarks.serving.processes import held_still, let_go
from benchmarks.serving.serve import Serving, predictor
from benchmarks.serving.spread import Spread, paired_ratios
from benchmarks.serving.throughput import closed_load

UV: Final = str(Path(".cache/uv/bin/uv"))
_CHECKED_TEXTS: Final = 40


@dataclass(frozen=True, slots=True)
class Duel:
    """Texts a second of both sides, turn by turn, and on how many of the checked texts the labels agree."""

    ours: Sequence[float]
    theirs: Sequence[float]
    agreeing: int


def measure(environment: str, plan: Plan) -> Outcome:
    """One duel for each peer of an environment; one that cannot be measured stays there with its reason."""
    duels: dict[str, Duel | str] = {}
    with offline(plan.model) as bare:
        labels = bare.labels(plan.texts[:_CHECKED_TEXTS])
    with predictor(plan.model) as ours:
        for peer in (each for each in PEERS if each.environment == environment):
            try:
                duels[peer.name] = _duel(peer, ours, plan, labels=labels)
            except (PeerUnusable, LoadFailed) as error:
                duels[peer.name] = str(error)
    return _outcome(duels)


def _duel(peer: Peer, ours: Serving, plan: Plan, *, labels: Sequence[str]) -> Duel:
    programs = installed(peer, cache=plan.cache, uv=UV)
    if peer.environment == "infinity":
        exported(plan.model, programs=programs, cache=plan.cache)
    requests = [wire.json_post(peer.path, peer.body(text)) for text in plan.texts]
    our_requests = [wire.predict(text) for text in plan.texts]
    # Peers are slow enough for half of the texts to fill seconds.
    sizes = replace(plan.sizes, texts=plan.sizes.texts // 2)
    rates: tuple[list[float], list[float]] = ([], [])
    with held_still([ours.pid]), peer_server(peer, plan.model, programs=programs, cache=plan.cache) as theirs:
        said = [label_of(peer, theirs, text) for text in plan.texts[: len(labels)]]
        agreeing = sum(a == b for a, b in zip(said, labels, strict=True))
        load = closed_load(theirs.port, requests, sizes)
        for _ in range(max(2, plan.sizes.repeats - 2)):
            rates[1].append(in_own_process(closed_loop, load).per_second)
            with held_still([theirs.pid]), let_go(ours.pid):
                rates[0].append(
                    in_own_process(closed_loop, closed_load(ours.port, our_requests, sizes)).per_second
                )
    return Duel(*rates, agreeing=agreeing)


def _outcome(duels: dict[str, Duel | str]) -> Outcome:
    figures, rows = [], []
    for peer in (each for each in PEERS if each.name in duels):
        duel = duels[peer.name]
        goal = f"≥ {peer.goal:g}"
        if isinstance(duel, str):
            figures.append(Figure(f"texts/s over {peer.name}", goal, "could not be measured"))
            rows.append([peer.name, peer.settings, "", "", "", f"could not be measured: {duel}"])
            continue
        ratio = paired_ratios(duel.ours, duel.theirs)
        if 0 in duel.theirs:
            rows.append([peer.name, peer.settings, "", "", "", "answered nothing under load"])
            continue
        figures.append(
            Figure(f"texts/s over {peer.name}", goal, ratio.text(1), met=ratio.median >= peer.goal)
        )
        ours, theirs = Spread.of(duel.ours).text(0), Spread.of(duel.theirs).text(0)
        rows.append(
            [peer.name, peer.settings, ours, theirs, ratio.text(2), f"{duel.agreeing} of {_CHECKED_TEXTS}"]
        )
    columns = ("peer", "its configuration", "our texts/s", "its texts/s", "ratio", "same label as ours")
    note = (
        "Concurrency 64, one text a request, keep-alive, JSON. Each peer in its own virtual environment; "
        "ours and the peer take turns, and the one not measured is held still. Ours: /predict, log off."
    )
    raw = {
        name: duel if isinstance(duel, str) else {"ours": [*duel.ours], "theirs": [*duel.theirs]}
        for name, duel in duels.items()
    }
    return Outcome(figures, [Detail("Peers", columns, rows, note)], raw)
