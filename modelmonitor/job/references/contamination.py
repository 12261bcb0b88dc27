"""Whether a reference contains drift itself: by known episodes, its halves, and the version before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from modelmonitor.decide.thresholds import DEFAULT_THRESHOLDS
from modelmonitor.decide.verdict import Drift, decide
from modelmonitor.detect import registry
from modelmonitor.detect.catalogue import NATIVE
from modelmonitor.detect.missing import MissingColumn, NothingToCompare
from modelmonitor.job.errors import JobError
from modelmonitor.job.references.log import Stretch
from modelmonitor.sample import Sample
from modelmonitor.store.references import Reference

LEVEL: Final = 0.001
"""Of each test: six tests a day on rolling references then refuse one without cause in about half a year."""

_FEWEST_ROWS: Final = 100
# Of small samples: they show a change that matters, and the permutations that the level needs take a second.
_TESTS: Final[Mapping[str, Mapping[str, str | int]]] = {
    "mmd": {"max_rows": 1000, "max_permutations": 2999},
    "ks": {},
    "chi-square": {},
}
_SEED: Final = 0


class ReferenceContaminated(JobError):
    """The reference seems to contain drift: choose another time, or say in spec.reference.force why not."""


def signs(draft: Reference, *, stretch: Stretch | None, before: Reference | None) -> tuple[str, ...]:
    """What speaks against a new version of a reference, each a part of a sentence; empty if nothing does.

    Args:
        draft: the new version.
        stretch: of the prediction log that it was built of; None for samples without a time.
        before: the version that it replaces, of the same version of the model; None if there is none.
    """
    found = []
    if stretch is not None and len(stretch.episodes) > len(stretch.excluded):
        first, last = stretch.episodes[0]
        found.append(
            f"it overlaps drift that was found from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC"
        )
    if stretch is not None:
        found += [f"its two halves differ ({told})" for told in _differences(*_halves(draft.sample))]
    if before is not None:
        told = list(_differences(before.sample, draft.sample))
        found += [f"it differs from version {before.version} ({each})" for each in told]
    return tuple(found)


def refused(draft: Reference, found: tuple[str, ...]) -> ReferenceContaminated:
    """The refusal of a reference for the signs that were found."""
    return ReferenceContaminated(
        f"The reference of {draft.origin} is refused, because {'; '.join(found)}: choose another time, or "
        "say in spec.reference.force why it is right."
    )


def _halves(sample: Sample) -> tuple[Sample, Sample]:
    ordered = np.argsort(sample.predicted_at, kind="stable")
    middle = len(ordered) // 2
    return sample.take(ordered[:middle]), sample.take(ordered[middle:])


def _differences(left: Sample, right: Sample) -> Iterator[str]:
    """Differences that are certain and matter, by the same two conditions as a verdict of a check."""
    if left.classes != right.classes:
        yield f"classes are {', '.join(right.classes)} and no longer {', '.join(left.classes)}"
        return
    if min(len(left), len(right)) < _FEWEST_ROWS:
        return
    for name, params in _TESTS.items():
        test = registry.detector(name, backend=NATIVE, params=params)
        try:
            finding = test(left, right, level=LEVEL, seed=_SEED)
        except (MissingColumn, NothingToCompare):
            continue
        thresholds = DEFAULT_THRESHOLDS[name]
        if isinstance(decide(finding, level=LEVEL, thresholds=thresholds, min_rows=_FEWEST_ROWS), Drift):
            size, certainty = f"effect {finding.effect_size:.3f}", f"p {finding.p_value:.2g}"
            yield f"{name} of the {finding.feature}, {size}, {certainty}"
