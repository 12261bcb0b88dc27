"""Blocking calls of the webhook, some of which never end."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time

import pytest

from controller.handlers.aside import aside


def test_it_gives_what_the_call_gives_or_raises() -> None:
    def divided(dividend: int, divisor: int) -> float:
        return dividend / divisor

    assert asyncio.run(aside(divided, 6, 3)) == 2
    with pytest.raises(ZeroDivisionError):
        asyncio.run(aside(divided, 6, 0))


def test_calls_that_hang_keep_no_other_call_waiting() -> None:
    hanging = threading.Event()

    async def scenario() -> str:
        hung = [asyncio.create_task(aside(hanging.wait)) for _ in range(100)]
        answer = await asyncio.wait_for(aside(lambda: "here"), timeout=2)
        for each in hung:
            each.cancel()
        return answer

    began = time.monotonic()
    assert asyncio.run(scenario()) == "here"
    assert time.monotonic() - began < 3, "the loop does not wait for them at its end"
    hanging.set()


def test_the_process_ends_while_a_call_hangs() -> None:
    program = """
import asyncio, time
from controller.handlers.aside import aside

async def main():
    try:
        await asyncio.wait_for(aside(time.sleep, 60), timeout=0.2)
    except TimeoutError:
        print("ended")

asyncio.run(main())
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=20)

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "ended\n", "")
