"""Words and examples for the report, as far as the privacy setting lets them be shown."""

from __future__ import annotations

from modelmonitor.detect.missing import MissingColumn
from modelmonitor.explain.examples import Example, telling_examples
from modelmonitor.explain.words import WordShift, changed_words
from modelmonitor.report.text import WORD_LIMIT, shown
from modelmonitor.report.texts import ExampleReport, ExamplesReport, WordReport
from modelmonitor.sample import Sample

_WORDS = 20
_EXAMPLES = 5


def explain_texts(reference: Sample, window: Sample, *, privacy: str, seed: int) -> ExamplesReport:
    """Words whose use changed and telling texts; withheld, with the reason, unless inputs are stored.

    Args:
        reference: what the window is compared with.
        window: the predictions judged.
        privacy: `spec.privacy.input`: store, hash or drop.
        seed: of the choice of examples.
    """
    if privacy != "store":
        return ExamplesReport(
            withheld=f"No words or texts are shown, because spec.privacy.input is {privacy}."
        )
    before, now = _kept(reference), _kept(window)
    if not before or not now:
        return ExamplesReport(withheld="No words or texts are shown, because the log holds none.")
    return ExamplesReport(
        words=tuple(word_report(shift) for shift in changed_words(before, now, top=_WORDS)),
        **_examples(reference, window, seed=seed),
    )


def word_report(shift: WordShift) -> WordReport:
    """A changed word, safe to show."""
    return WordReport(
        word=shown(shift.word, WORD_LIMIT)[0],
        score=shift.z_score,
        reference_rows=shift.reference_texts,
        window_rows=shift.window_texts,
    )


def _examples(reference: Sample, window: Sample, *, seed: int) -> dict[str, tuple[ExampleReport, ...]]:
    try:
        telling = telling_examples(reference, window, count=_EXAMPLES, seed=seed)
    except MissingColumn:
        return {}
    return {
        "appeared": tuple(example_report(item) for item in telling.typical),
        "vanished": tuple(example_report(item) for item in telling.vanished),
    }


def example_report(example: Example) -> ExampleReport:
    """A telling text, safe to show."""
    text, whole = shown(example.text)
    return ExampleReport(
        text=text,
        cut_from=whole,
        prediction_id=example.prediction_id,
        predicted=shown(example.predicted, WORD_LIMIT)[0],
        confidence=None if example.confidence is None else min(max(example.confidence, 0.0), 1.0),
    )


def _kept(sample: Sample) -> list[str]:
    return [text for text in sample.texts if text is not None]
