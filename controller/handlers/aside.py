"""Wait for a call that blocks, without keeping the process when it hangs."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable
from typing import Any, TypeVar

Answer = TypeVar("Answer")


async def aside(call: Callable[..., Answer], *arguments: Any) -> Answer:  # noqa: ANN401 - whatever it takes
    """What a call returns or raises, made in a thread of its own.

    asyncio's own threads are few, and the event loop waits for all of them at its end: calls that hang would
    keep every other call waiting, and the process from stopping.
    """
    promise: concurrent.futures.Future[Answer] = concurrent.futures.Future()

    def run() -> None:
        promise.set_running_or_notify_cancel()
        try:
            promise.set_result(call(*arguments))
        except BaseException as error:  # noqa: BLE001 - it is raised where it is awaited
            promise.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return await asyncio.wrap_future(promise)
