"""What a detector found: a statistic, how surprising it is, and how large the difference is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one comparison of a window with a reference; a measurement, not yet a verdict.

    Attributes:
        detector: name in the registry, for example "mmd".
        backend: "native" or "alibi-detect", the code that computed it.
        feature: "embedding", "text", "predicted class", "confidence" or "probabilities".
        statistic: the test statistic, in the detector's own unit.
        p_value: in (0, 1], never 0; None for a detector that measures only a size.
        effect_size: how large the difference is, 0 for none, independent of the number of rows.
        effect_name: what `effect_size` measures and its range.
        n_reference: reference rows used.
        n_window: window rows used.
        parameters: everything that changes the numbers, as text.
        smallest_p_value: the smallest p-value that this test could have returned; no lower level can be met.
        significant_effect: the effect from which on the test is significant at the asked level with these
            numbers of rows (about the effect that it finds half of the time); None where it is not known.
        effect_interval: 95 % interval of `effect_size`, None where there is no cheap one.
    """

    detector: str
    backend: str
    feature: str
    statistic: float
    p_value: float | None
    effect_size: float
    effect_name: str
    n_reference: int
    n_window: int
    parameters: Mapping[str, str]
    smallest_p_value: float = 0.0
    significant_effect: float | None = None
    effect_interval: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        """Refuse an impossible p-value.

        Raises:
            ValueError: not in (0, 1].
        """
        if self.p_value is not None and not 0.0 < self.p_value <= 1.0:
            msg = f"a p-value lies in (0, 1], {self.detector} gave {self.p_value}"
            raise ValueError(msg)
