"""A new topic in 3 % of the predictions: python -m benchmarks.drift.new_topic [--quick] [--seed N].

Four real topics (sentences of Amazon reviews about cameras, DVD players, telephones and music players), and
one made up (Amazon reviews behind a sentence of complaint), are planted into windows of movie reviews. Told
are the windows in which the topic is found as a new pattern, the events (two disjoint windows), whether its
words are among the 20 that changed most, and how many patterns and events there are without any drift.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
from scipy.stats import binomtest

from benchmarks.drift.features import MOVIE, concatenate, load_samples
from benchmarks.report import Table
from modelmonitor.decide.patterns import Seen, course
from modelmonitor.demo.data import Corpus
from modelmonitor.explain.words import changed_words
from modelmonitor.job.direction import fingerprint_value
from modelmonitor.job.novel import novel
from modelmonitor.report.novel import PatternReport
from modelmonitor.sample import Sample

SHARE: Final = 0.03
N_REFERENCE: Final = 2000
N_WINDOW: Final = 2000
TOPICS: Final[Mapping[str, Sequence[str]]] = {
    "cameras": ("camera", "canon", "nikon", "lens", "photo"),
    "DVD players": ("player", "dvd"),
    "telephones": ("phone", "nokia"),
    "music players": ("zen", "nomad", "creative", "ipod", "mp3"),
}
TEMPLATE: Final = "my zentrio parcel arrived broken and nobody answers about the refund"
TEMPLATE_WORDS: Final = ("zentrio", "parcel", "refund")
_START: Final = datetime(2026, 1, 1, tzinfo=UTC)
_DAY: Final = timedelta(days=1)
_TOP: Final = 20
_MOSTLY: Final = 0.5


@dataclass(frozen=True, slots=True)
class Outcome:
    """Two windows in a row.

    Attributes:
        found: windows that had the topic as a new pattern.
        event: whether both had, and the second recognised the first.
        words: the topic's words among the 20 that changed most, and among all in a fifth of its texts.
        told: of the latter, those among the words of the pattern, where it was found.
        other: patterns that were not the topic.
        other_events: of them, those that the second window recognised.
    """

    found: int
    event: bool
    words: tuple[int, int]
    told: tuple[int, int]
    other: int
    other_events: int


def trial(samples: Mapping[Corpus, Sample], words: Sequence[str], *, share: float, seed: int) -> Outcome:
    """A reference and two disjoint windows, both with the share of the topic."""
    generator = np.random.default_rng(seed)
    movie, amazon = samples[MOVIE], samples["amazon"]
    rows = generator.permutation(len(movie))
    planted = round(share * N_WINDOW)
    amazon, topic = _topic(amazon, words, n=2 * planted, generator=generator)
    reference, rows = movie.take(rows[:N_REFERENCE]), rows[N_REFERENCE:]
    own = N_WINDOW - planted
    windows = [
        concatenate(
            [
                movie.take(rows[day * own : (day + 1) * own]),
                amazon.take(topic[day * planted : (day + 1) * planted]),
            ]
        )
        for day in range(2)
    ]
    days = [novel(reference, window, check="data", space="bench", seed=seed) for window in windows]
    patterns = [day.patterns if day else () for day in days]
    hits = [[_hits(each) for each in day] for day in patterns]
    stays = [_stays(each, patterns[0]) for each in patterns[1]]
    return Outcome(
        found=sum(any(day) for day in hits),
        event=any(hit and stay for hit, stay in zip(hits[1], stays, strict=True)),
        words=_top_words(reference, windows[0], words, planted=planted),
        told=_told(patterns[0], hits[0], _frequent(windows[0], words, planted=planted)),
        other=sum(not hit for day in hits for hit in day),
        other_events=sum(stay and not hit for hit, stay in zip(hits[1], stays, strict=True)),
    )


def _topic(
    amazon: Sample, words: Sequence[str], *, n: int, generator: np.random.Generator
) -> tuple[Sample, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """The reviews, and n rows of them that are about the topic."""
    if words == TEMPLATE_WORDS:
        complaining = replace(amazon, texts=tuple(f"{TEMPLATE} {text}" for text in amazon.texts))
        return complaining, generator.permutation(len(amazon))[:n]
    pattern = re.compile(rf"\b(?:{'|'.join(words)})\b")
    rows = [row for row, text in enumerate(amazon.texts) if pattern.search((text or "").lower())]
    return amazon, generator.permutation(np.array(rows, dtype=np.int64))[:n]


def _hits(pattern: PatternReport) -> bool:
    """Whether most of its central texts are of the topic."""
    planted = [example.prediction_id.startswith("amazon-") for example in pattern.examples]
    return float(np.mean(planted)) > _MOSTLY


def _stays(pattern: PatternReport, before: Sequence[PatternReport]) -> bool:
    past = [_seen(each, day=0) for each in before]
    return course(_seen(pattern, day=1), past).established


def _seen(pattern: PatternReport, *, day: int) -> Seen:
    place = fingerprint_value(pattern.fingerprint)
    return Seen(place, pattern.share, _START + day * _DAY, _START + (day + 1) * _DAY)


def _top_words(reference: Sample, window: Sample, words: Sequence[str], *, planted: int) -> tuple[int, int]:
    before, now = ([text or "" for text in sample.texts] for sample in (reference, window))
    top = [shift.word for shift in changed_words(before, now, top=_TOP)] if planted else []
    frequent = _frequent(window, words, planted=planted)
    return sum(word in top for word in frequent), len(frequent)


def _frequent(window: Sample, words: Sequence[str], *, planted: int) -> list[str]:
    texts = [text or "" for text in window.texts[-planted:]] if planted else []
    return [word for word in words if planted and _holding(texts, word) >= planted / 5]


def _told(patterns: Sequence[PatternReport], hits: Sequence[bool], words: Sequence[str]) -> tuple[int, int]:
    for pattern, hit in zip(patterns, hits, strict=True):
        if hit:
            told = {word.word for word in pattern.words}
            return sum(word in told for word in words), len(words)
    return 0, 0


def _holding(texts: Sequence[str], word: str) -> int:
    return sum(bool(re.search(rf"\b{word}\b", text.lower())) for text in texts)


def run(samples: Mapping[Corpus, Sample], *, quick: bool, seed: int) -> tuple[Table, list[dict[str, object]]]:
    """The table of topics and of windows without drift, and its numbers."""
    trials = 2 if quick else 20
    topics = {**TOPICS, "complaint": TEMPLATE_WORDS}
    records = [
        _record(name, samples, words, share=SHARE, trials=trials, seed=seed) for name, words in topics.items()
    ]
    records.append(_record("none", samples, (), share=0.0, trials=2 * trials, seed=seed + 1000))
    rows = [
        (
            str(record["topic"]),
            _rate(int(str(record["found"])), int(str(record["windows"])))
            if record["topic"] != "none"
            else "",
            _rate(int(str(record["events"])), int(str(record["pairs"]))) if record["frequent"] else "",
            f"{record['words']} of {record['frequent']}" if record["frequent"] else "",
            f"{record['told']} of {record['tellable']}" if record["tellable"] else "",
            f"{record['other']} in {record['windows']}",
            f"{record['other_events']} in {record['pairs']}",
        )
        for record in records
    ]
    note = (
        f"{SHARE:.0%} of {N_WINDOW:,} predictions against {N_REFERENCE:,} movie reviews; two disjoint "
        f"windows a trial; seed {seed}. A window counts as found if most central texts of a new pattern are "
        "of the topic; an event needs the same pattern in both windows. Words: those in a fifth of the "
        "topic's texts, among the 20 that changed most and among the pattern's own. Rates with 95 % Wilson "
        "intervals."
    )
    columns = (
        "topic",
        "found in a window",
        "event within two windows",
        "words in the top 20",
        "words of the pattern",
        "other patterns",
        "other events",
    )
    return Table(columns, rows, "A new topic in 3 % of the predictions", note), records


def _record(
    name: str,
    samples: Mapping[Corpus, Sample],
    words: Sequence[str],
    *,
    share: float,
    trials: int,
    seed: int,
) -> dict[str, object]:
    found = [
        trial(samples, words or ("camera",), share=share, seed=seed + number) for number in range(trials)
    ]
    return {
        "topic": name,
        "windows": 2 * trials,
        "pairs": trials,
        "found": sum(each.found for each in found),
        "events": sum(each.event for each in found),
        "words": sum(each.words[0] for each in found),
        "frequent": sum(each.words[1] for each in found),
        "told": sum(each.told[0] for each in found),
        "tellable": sum(each.told[1] for each in found),
        "other": sum(each.other for each in found),
        "other_events": sum(each.other_events for each in found),
    }


def _rate(count: int, n: int) -> str:
    interval = binomtest(count, n).proportion_ci(method="wilson")
    return f"{count / n:.2f} [{interval.low:.2f}, {interval.high:.2f}]"


def main(arguments: Sequence[str]) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drift.new_topic", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few trials")
    parser.add_argument("--seed", type=int, default=20, help="of every draw")
    options = parser.parse_args(arguments)
    table, _ = run(load_samples(Path(".cache/bench")), quick=options.quick, seed=options.seed)
    sys.stdout.write(f"{table.markdown()}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
