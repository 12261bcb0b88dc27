"""Texts rated by 20 people each, out of the vaderSentiment source package (Hutto and Gilbert 2014, ICWSM)."""

from __future__ import annotations

import io
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

Corpus = Literal["movie", "amazon", "nyt", "tweets"]
Label = Literal["NEGATIVE", "POSITIVE"]

LABELS: Final[tuple[Label, ...]] = ("NEGATIVE", "POSITIVE")
MIN_RATING: Final = 0.5

_ARCHIVE: Final = "additional_resources/hutto_ICWSM_2014.tar.gz"
_FILES: Final[dict[Corpus, str]] = {
    "movie": "movieReviewSnippets_GroundTruth.txt",
    "amazon": "amazonReviewSnippets_GroundTruth.txt",
    "nyt": "nytEditorialSnippets_GroundTruth.txt",
    "tweets": "tweets_GroundTruth.txt",
}


class CorpusUnreadable(RuntimeError):
    """The downloaded source package does not hold the expected rated texts."""


@dataclass(frozen=True, slots=True)
class LabelledText:
    """One rated text.

    Attributes:
        id: the corpus's own id, unique within the corpus.
        text: as it was rated; HTML entities and spacing inside are kept, because real traffic has them too.
        rating: mean of the raters, -4 (most negative) to 4.
        label: the sign of the rating.
    """

    id: str
    text: str
    rating: float
    label: Label


def read_corpus(source_package: Path, corpus: Corpus) -> tuple[LabelledText, ...]:
    """The clearly rated texts (|rating| at least 0.5) of one corpus, in the order of the file.

    Args:
        source_package: the downloaded vaderSentiment sdist; nothing is unpacked to disk.
        corpus: which of the four.

    Raises:
        CorpusUnreadable: the package is not the expected one.
    """
    try:
        with tarfile.open(source_package) as outer, tarfile.open(fileobj=_member(outer, _ARCHIVE)) as inner:
            content = _member(inner, _FILES[corpus]).read().decode("latin-1")
    except (tarfile.TarError, OSError, LookupError) as error:
        msg = f"{source_package} does not hold the {corpus} texts ({error}): delete the file and run again"
        raise CorpusUnreadable(msg) from error
    return parse_corpus(content)


def parse_corpus(content: str) -> tuple[LabelledText, ...]:
    """The clearly rated texts of lines `id <tab> mean rating <tab> text`.

    Raises:
        CorpusUnreadable: a line has another shape; the message has its number.
    """
    # Only "\n" ends a line: splitlines() would also cut at latin-1 control characters inside a text.
    lines = enumerate(content.split("\n"), start=1)
    rows = (_parse_line(line, number) for number, line in lines if line.strip())
    return tuple(row for row in rows if abs(row.rating) >= MIN_RATING)


def _parse_line(line: str, number: int) -> LabelledText:
    try:
        identifier, mean, text = line.split("\t")
        rating = float(mean)
    except ValueError as error:
        msg = f"line {number} of the corpus is not 'id, mean rating, text' separated by tabs: {line[:60]!r}"
        raise CorpusUnreadable(msg) from error
    return LabelledText(
        id=identifier, text=text.strip(), rating=rating, label="POSITIVE" if rating > 0 else "NEGATIVE"
    )


def _member(archive: tarfile.TarFile, ending: str) -> io.BytesIO:
    # The top folder's name repeats the version, so members are found by how their path ends.
    name = next((name for name in archive.getnames() if name.endswith(f"/{ending}")), None)
    stream = archive.extractfile(name) if name else None
    if stream is None:
        msg = f"no member {ending}"
        raise LookupError(msg)
    return io.BytesIO(stream.read())
