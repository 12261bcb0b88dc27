"""A writer to be killed: appends from several threads and prints each id once it is acknowledged.

Arguments: spool directory, number of threads, rows for each append. The database URL is DATABASE_URL.
"""

from __future__ import annotations

import os
import resource
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

from modelmonitor.store.errors import SpoolFull
from modelmonitor.store.log import LogSettings, PredictionLog
from modelmonitor.store.records import Prediction, new_prediction_id


def prediction(number: int) -> Prediction:
    return Prediction(
        prediction_id=new_prediction_id(),
        predicted_at=datetime.now(UTC),
        deployment_id="sentiment",
        model_name="sentiment",
        model_version="3",
        input_text=f"text {number} " * 8,
        predicted_sentiment="POSITIVE",
        confidence_score=0.75,
        probabilities=(0.25, 0.75),
        embedding=os.urandom(96),
        latency_ms=1.0,
        source="predict",
        segment={},
    )


def append_until_full(log: PredictionLog, rows: int, acknowledged: int) -> None:
    number = 0
    while True:
        batch = [prediction(number + offset) for offset in range(rows)]
        try:
            log.append(batch)
        except SpoolFull as full:
            sys.stderr.write(f"{full}\n")
            return
        os.write(acknowledged, "".join(f"{row.prediction_id}\n" for row in batch).encode())
        number += rows


def main() -> None:
    directory, threads, rows = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    if limit := os.environ.get("FILE_SIZE_LIMIT"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
    # Small segments and batches: many deletions, rotations and transactions to be killed in.
    settings = LogSettings(
        directory,
        os.environ.get("DATABASE_URL", ""),
        segment_bytes=256 * 1024,
        batch_rows=300,
        linger_s=0.01,
        retry_max_s=0.2,
    )
    log = PredictionLog(settings)
    log.start()
    workers = [threading.Thread(target=append_until_full, args=(log, rows, 1)) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


if __name__ == "__main__":
    main()
