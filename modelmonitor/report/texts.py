"""Words and texts of a report, made safe to show."""

from __future__ import annotations

from modelmonitor.report.part import Part


class WordReport(Part):
    """A word whose use changed.

    Attributes:
        score: z-score of the log-odds ratio; positive where the word became more frequent.
        reference_rows: texts of the reference that hold the word.
        window_rows: texts of the window that hold the word.
    """

    word: str
    score: float
    reference_rows: int
    window_rows: int


class ExampleReport(Part):
    """A text shown in the report, made safe to display.

    Attributes:
        text: at most a stated number of characters, control characters made visible.
        cut_from: length of the whole text in characters where it was cut, else None.
        predicted: the class that the model answered.
        confidence: 0 to 1; None where the model told the class alone.
    """

    text: str
    cut_from: int | None
    prediction_id: str
    predicted: str
    confidence: float | None


class ExamplesReport(Part):
    """Typical texts of what is new and of what no longer comes.

    Attributes:
        withheld: why no text is shown, or None; with it all other fields are empty.
    """

    words: tuple[WordReport, ...] = ()
    appeared: tuple[ExampleReport, ...] = ()
    vanished: tuple[ExampleReport, ...] = ()
    withheld: str | None = None
