"""Steady traffic that remembers which predictions were answered."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from types import TracebackType
from typing import Self

from tests.e2e.journey import Journey

PAUSE_S = 0.2


class Load:
    """Sends one text after another until the end of the block, to whatever pod is there."""

    def __init__(self, journey: Journey) -> None:
        self._journey = journey
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.answered: list[str] = []
        self.failures = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with self._journey.predictor() as url:
                    self._send(url)
            except BaseException:  # pytest.fail in this thread, while no pod is there to forward to
                self.failures += 1
                time.sleep(1)

    def _send(self, url: str) -> None:
        while not self._stop.is_set():
            body = json.dumps({"text": f"Number {len(self.answered)} is a fine film."}).encode()
            request = urllib.request.Request(
                f"{url}/predict", data=body, headers={"Content-Type": "application/json"}
            )
            with urllib.request.urlopen(request, timeout=30) as answer:
                self.answered.append(json.load(answer)["prediction_id"])
            time.sleep(PAUSE_S)
