"""Alarms of evidently and nannyml on hours of confidences; runs in the peers' environment.

    peers/bin/python budget_peers.py HOURS.npz ALARMS.npy

Writes a (2, t) array: evidently's verdict of each hour, then nannyml's.
"""

from __future__ import annotations

import os
import sys
import warnings

os.environ["DO_NOT_TRACK"] = "1"
os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
warnings.simplefilter("ignore")

import numpy as np  # noqa: E402 - telemetry is switched off first


def evidently_alarms(reference: np.ndarray, hours: np.ndarray) -> np.ndarray:
    """Evidently's default for a number with more than 1,000 reference rows, by its own stattest."""
    import pandas as pd
    from evidently.legacy.calculations.stattests import get_stattest
    from evidently.legacy.core import ColumnType

    before = pd.Series(reference)
    test = get_stattest(before, pd.Series(hours[0]), ColumnType.Numerical, None)
    return np.array(
        [
            test(before, pd.Series(hour), ColumnType.Numerical, test.default_threshold).drifted
            for hour in hours
        ]
    )


def nannyml_alarms(reference: np.ndarray, hours: np.ndarray) -> np.ndarray:
    """Nannyml's mean of each chunk against its default band."""
    import pandas as pd
    from nannyml import SummaryStatsAvgCalculator

    calculator = SummaryStatsAvgCalculator(column_names=["confidence"], chunk_size=hours.shape[1])
    calculator.fit(pd.DataFrame({"confidence": reference}))
    result = calculator.calculate(pd.DataFrame({"confidence": hours.ravel()}))
    return result.filter(period="analysis").to_df()["confidence"]["alert"].to_numpy(dtype=bool)


def main(plan: str, target: str) -> None:
    """Judge every hour with both."""
    with np.load(plan) as stored:
        reference, hours = stored["reference"], stored["hours"]
    np.save(target, np.stack([evidently_alarms(reference, hours), nannyml_alarms(reference, hours)]))


if __name__ == "__main__":
    main(*sys.argv[1:])
