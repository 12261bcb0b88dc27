"""From rows of `drift_results` to one line a check of a run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from modelmonitor.cli.model import CheckLine

if TYPE_CHECKING:
    from modelmonitor.store.results import DriftRow

_WORST_FIRST: Final = {"critical": 0, "warning": 1}


def check_lines(rows: Iterable[DriftRow]) -> tuple[CheckLine, ...]:
    """One line for each run and check, the latest run first, told by its leading test."""
    groups: dict[tuple[str, str], list[DriftRow]] = {}
    for row in rows:
        groups.setdefault((row.run_id, row.check_name), []).append(row)
    lines = (_line(min(group, key=_rank)) for group in groups.values())
    return tuple(sorted(lines, key=lambda line: (-_time(line), line.name)))


def latest_of_each(lines: Iterable[CheckLine]) -> tuple[CheckLine, ...]:
    """The newest line of each check, by name."""
    newest: dict[str, CheckLine] = {}
    for line in lines:
        known = newest.get(line.name)
        if known is None or _time(line) > _time(known):
            newest[line.name] = line
    return tuple(newest[name] for name in sorted(newest))


def _line(row: DriftRow) -> CheckLine:
    return CheckLine(
        name=row.check_name,
        type=row.drift_type,
        verdict=row.verdict,
        severity=row.severity,
        detector=row.detector,
        p_value=row.p_value,
        level=row.level,
        effect=row.effect_size,
        effect_threshold=row.threshold,
        rows=row.n_window,
        run=row.run_id,
        at=row.created_at,
        reason=row.reason,
    )


def _rank(row: DriftRow) -> tuple[int, float]:
    return _WORST_FIRST.get(row.severity, 2), 1.0 if row.p_value is None else row.p_value


def _time(line: CheckLine) -> float:
    return line.at.timestamp() if line.at else 0.0
