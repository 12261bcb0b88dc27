"""New patterns: groups of alike rows of a window in a place where the reference has next to none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from modelmonitor.detect import kernel
from modelmonitor.explain import space
from modelmonitor.explain.space import Halves, Points
from modelmonitor.sample import FloatArray, IntArray, Sample

DoubleArray = npt.NDArray[np.float64]

NOVEL_LEVEL: Final = 0.05
CLUSTER_LEVEL: Final = 0.005
_NEIGHBOURS: Final = 5
_LARGEST_SHARE: Final = 0.25
_ROUNDING: Final = 1e-4
_MOST_CLUSTERS: Final = 5
_FEWEST_MEMBERS: Final = 4
_DENSER: Final = 5.0
_REFINEMENTS: Final = 3
_MEDOIDS: Final = 3
_SMALLEST_P_VALUE: Final = 1e-300


@dataclass(frozen=True, slots=True)
class Strangers:
    """How many rows of a window are farther from the reference than its own rows are.

    Attributes:
        share: of the window's rows whose conformal p-value is at most 0.05.
        expected: share without any change.
        p_value: of a share at least as large without any change.
        n: rows of the window.
    """

    share: float
    expected: float
    p_value: float
    n: int


@dataclass(frozen=True, slots=True, eq=False)
class Cluster:
    """A new pattern.

    Attributes:
        rows: of the window, the most central first.
        share: of the window's rows.
        reference_share: of the reference's rows that lie in the same place.
        p_value: of so many rows in that place, on rows that had no part in finding it.
        cohesion: how much nearer its rows are to each other than those of the window are, 0 to 1.
    """

    rows: IntArray
    share: float
    reference_share: float
    p_value: float
    cohesion: float

    @property
    def medoids(self) -> IntArray:
        """The three most central rows."""
        return self.rows[:_MEDOIDS]


@dataclass(frozen=True, slots=True, eq=False)
class NewPatterns:
    """What a window has that the reference has not."""

    strangers: Strangers
    clusters: tuple[Cluster, ...]


def new_patterns(reference: Sample, window: Sample, *, seed: int) -> NewPatterns | None:
    """Look for new patterns; None where neither embeddings nor texts were kept, or rows are few.

    A row is strange if its mean distance to its five nearest known rows is larger than that of 95 % of the
    kept rows (conformal p-value; Bates et al., Testing for outliers with conformal p-values, Ann. Stat. 51,
    2023). Known and kept are two halves of the reference.

    A new pattern is a ball, in the space of new words where texts were kept, else in that of embeddings. One
    half of window and reference proposes balls, by the largest likelihood ratio (spatial scan statistic;
    Kulldorff, Comm. Stat. 26, 1997). The other half, which had no part in that, must confirm it by Fisher's
    exact test. Then the halves exchange their parts; all proposals share the level 0.005. And the window
    must be at least five times as dense there as the reference.

    Args:
        reference: at least 100 rows.
        window: at least 100 rows.
        seed: of the halves.
    """
    halves = space.cut(reference, window, seed=seed)
    whole = space.whole_space(reference, window, halves, seed=seed) if halves else None
    if halves is None or whole is None:
        return None
    own = _distances(whole.kept, whole.known)
    strange = _conformal(_distances(np.concatenate([whole.seen, whole.fresh]), whole.known), own)
    return NewPatterns(
        _strangers(strange, calibrated=len(own)), _clusters(reference, window, halves, seed=seed)
    )


def _distances(rows: FloatArray, known: FloatArray) -> FloatArray:
    """(n,) mean distance of each row to its nearest known rows."""
    squared = kernel.squared_distances(rows, known)
    count = min(_NEIGHBOURS, len(known))
    nearest: FloatArray = np.sqrt(np.partition(squared, count - 1, axis=1)[:, :count]).mean(axis=1)
    return nearest


def _conformal(scores: FloatArray, calibration: FloatArray) -> DoubleArray:
    """(n,) share of calibration scores, and of the score itself, that are at least as large."""
    ranks = len(calibration) - np.searchsorted(np.sort(calibration), scores, side="left")
    p_values: DoubleArray = (ranks + 1) / (len(calibration) + 1)
    return p_values


def _strangers(p_values: DoubleArray, *, calibrated: int) -> Strangers:
    from scipy.stats import betabinom

    # All rows share one calibration, so their number is beta-binomial and not binomial.
    rank = int(NOVEL_LEVEL * (calibrated + 1) + 1e-9)
    count, n = int(np.count_nonzero(p_values <= NOVEL_LEVEL)), len(p_values)
    p_value = float(betabinom.sf(count - 1, n, rank, calibrated + 1 - rank)) if rank else 1.0
    return Strangers(count / n, rank / (calibrated + 1), min(1.0, max(p_value, 1e-300)), n)


def _clusters(reference: Sample, window: Sample, halves: Halves, *, seed: int) -> tuple[Cluster, ...]:
    found: list[Cluster] = []
    for way in (halves, halves.turned()):
        points = space.new_word_space(reference, window, way, seed=seed)
        if points is None and space.has_embeddings(reference, window):
            points = space.whole_space(reference, window, way, seed=seed)
        if points is not None:
            found += _confirmed(points, np.concatenate([way.seen, way.fresh]))
    return _distinct(sorted(found, key=lambda cluster: -cluster.share))


def _distinct(found: Sequence[Cluster]) -> tuple[Cluster, ...]:
    """Without those that mostly consist of rows of a larger one."""
    kept: list[Cluster] = []
    for cluster in found:
        if all(2 * len(np.intersect1d(cluster.rows, other.rows)) < len(cluster.rows) for other in kept):
            kept.append(cluster)
    return tuple(kept)


def _confirmed(points: Points, rows: IntArray) -> list[Cluster]:
    """The proposals of one half that the other confirms.

    Args:
        points: of both.
        rows: of the window, seen then fresh.
    """
    found = []
    for number, ball in enumerate(_proposed(points.seen, points.known), start=1):
        # The best proposal of a way may spend a quarter of the level, the next an eighth, and so on.
        p_value = min(1.0, 2.0 ** (number + 1) * ball.confirmed(points.fresh, points.kept))
        if p_value <= CLUSTER_LEVEL:
            found.append(_cluster(ball, points, rows, p_value=p_value))
    return [each for each in found if each.share > _DENSER * each.reference_share]


@dataclass(frozen=True, slots=True, eq=False)
class _Ball:
    centre: FloatArray
    radius: float

    def holds(self, rows: FloatArray) -> npt.NDArray[np.bool_]:
        inside: npt.NDArray[np.bool_] = self.distances(rows) <= self.radius
        return inside

    def distances(self, rows: FloatArray) -> FloatArray:
        distances: FloatArray = np.sqrt(kernel.squared_distances(rows, self.centre[None, :])[:, 0])
        return distances

    def confirmed(self, fresh: FloatArray, kept: FloatArray) -> float:
        """P-value of Fisher's exact test that the window is denser in the ball than the reference."""
        from scipy.stats import hypergeom

        inside, outside = int(self.holds(fresh).sum()), int(self.holds(kept).sum())
        return float(hypergeom.sf(inside - 1, len(fresh) + len(kept), inside + outside, len(fresh)))


def _proposed(seen: FloatArray, known: FloatArray) -> list[_Ball]:
    """At most five balls that are dense in the window and empty in the reference, the best first."""
    within = kernel.squared_distances(seen, seen)
    towards = np.sort(kernel.squared_distances(seen, known), axis=1)
    free = np.arange(len(seen))
    balls: list[_Ball] = []
    while len(balls) < _MOST_CLUSTERS and len(free) >= _FEWEST_MEMBERS:
        scanned = [_best_radius(within[row, free], towards[row]) for row in free]
        best = int(np.argmax([gain for gain, _ in scanned]))
        gain, radius = scanned[best]
        if gain <= 0.0:
            break
        ball = _refined(_Ball(seen[free[best]], radius), seen[free], known)
        balls.append(ball)
        # The row itself goes too, else a ball that moved away would be proposed again and again.
        free = np.delete(free, best)
        free = free[~ball.holds(seen[free])]
    return balls


def _refined(ball: _Ball, seen: FloatArray, known: FloatArray) -> _Ball:
    """The ball around the mean of its rows, which is nearer to all of them than any single row."""
    for _ in range(_REFINEMENTS):
        centre = seen[ball.holds(seen)].mean(axis=0)
        ours, theirs = (kernel.squared_distances(rows, centre[None, :])[:, 0] for rows in (seen, known))
        gain, radius = _best_radius(ours, np.sort(theirs))
        if gain <= 0.0:
            break
        ball = _Ball(centre, radius)
    return ball


def _best_radius(ours: FloatArray, theirs: FloatArray) -> tuple[float, float]:
    """The largest log-likelihood ratio over all radii, and its radius; (0, 0) where nothing is denser.

    Args:
        ours: (n,) squared distances of the window's rows.
        theirs: (m,) of the known rows, ascending.
    """
    most = min(len(ours), max(_FEWEST_MEMBERS, round(_LARGEST_SHARE * len(ours))))
    nearest = np.sort(np.partition(ours, most - 1)[:most])[_FEWEST_MEMBERS - 1 :]
    inside = np.arange(_FEWEST_MEMBERS, most + 1)
    gains = _gains(inside, len(ours), np.searchsorted(theirs, nearest, side="right"), len(theirs))
    best = int(np.argmax(gains))
    # A hair more than the last row, which rounding must not put outside.
    return float(gains[best]), float(np.sqrt(nearest[best] + _ROUNDING))


def _gains(inside: IntArray, n: int, outside: IntArray, m: int) -> DoubleArray:
    """Log-likelihood ratio of two rates against one, 0 where the first is not the larger."""
    both = (inside + outside) / (n + m)
    gains = (
        _likelihood(inside, n, inside / n)
        + _likelihood(outside, m, outside / m)
        - _likelihood(inside + outside, n + m, both)
    )
    denser: DoubleArray = np.where(inside / n > _DENSER * outside / m, gains, 0.0)
    return denser


def _likelihood(count: IntArray, n: int, rate: DoubleArray) -> DoubleArray:
    from scipy.special import xlog1py, xlogy

    likelihood: DoubleArray = xlogy(count, rate) + xlog1py(n - count, -rate)
    return likelihood


def _cluster(ball: _Ball, points: Points, rows: IntArray, *, p_value: float) -> Cluster:
    window = np.concatenate([points.seen, points.fresh])
    reference = np.concatenate([points.known, points.kept])
    members = np.flatnonzero(ball.holds(window))
    ordered = members[np.argsort(ball.distances(window[members]), kind="stable")]
    return Cluster(
        rows=rows[ordered],
        share=len(members) / len(window),
        reference_share=float(ball.holds(reference).mean()),
        p_value=max(p_value, _SMALLEST_P_VALUE),
        cohesion=_cohesion(window[members], window),
    )


def _cohesion(members: FloatArray, window: FloatArray) -> float:
    """1 - variance of the members over variance of the window."""
    spread = float(window.var(axis=0).sum())
    return max(0.0, 1.0 - float(members.var(axis=0).sum()) / spread) if spread > 0 else 0.0
