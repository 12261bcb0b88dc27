"""The confusion matrix as a picture: counts, and how much of each truth was found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from modelmonitor.demo.evaluate import Quality

_INK: Final = "#1f2933"
_MUTED: Final = "#616e7c"
_PALETTE: Final = "Blues"
_DARK_SHARE: Final = 0.55


def draw_confusion(quality: Quality, labels: Sequence[str]) -> Figure:
    """One square for each pair of truth (row) and answer (column), shaded by its share of the row.

    The figure is drawn without a display and belongs to no global state of matplotlib.
    """
    figure = Figure(figsize=(5.2, 4.8), dpi=144, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    shares = [[count / max(1, sum(row)) for count in row] for row in quality.confusion]
    axes.imshow(shares, cmap=mpl.colormaps[_PALETTE], vmin=0.0, vmax=1.15)
    _label_cells(axes, quality.confusion, shares)
    _label_axes(axes, [label.capitalize() for label in labels])
    axes.set_title(
        f"{quality.accuracy:.1%} of {quality.rows:,} held-out texts right", color=_INK, fontsize=13, pad=14
    )
    return figure


def _label_cells(axes: Axes, counts: Sequence[Sequence[int]], shares: Sequence[Sequence[float]]) -> None:
    for row, (row_counts, row_shares) in enumerate(zip(counts, shares, strict=True)):
        for column, (count, share) in enumerate(zip(row_counts, row_shares, strict=True)):
            ink = "white" if share > _DARK_SHARE else _INK
            axes.text(column, row - 0.06, f"{count:,}", ha="center", va="center", color=ink, fontsize=20)
            axes.text(column, row + 0.16, f"{share:.1%}", ha="center", va="center", color=ink, fontsize=11)


def _label_axes(axes: Axes, names: Sequence[str]) -> None:
    axes.set_xticks(range(len(names)), names)
    axes.set_yticks(range(len(names)), names, rotation=90, va="center")
    axes.set_xlabel("the model's answer", color=_MUTED, labelpad=10)
    axes.set_ylabel("the raters' judgement", color=_MUTED, labelpad=10)
    axes.tick_params(length=0, colors=_INK, labelsize=11)
    axes.spines[:].set_visible(False)
