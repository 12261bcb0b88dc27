"""Keys of a terminal, one at a time, without waiting for Enter."""

from __future__ import annotations

import os
import select
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_NAMED: Final = {
    "\x1b[A": "up",
    "\x1b[B": "down",
    "\x1bOA": "up",
    "\x1bOB": "down",
    "\x1b": "escape",
    "\r": "enter",
    "\n": "enter",
    "\x7f": "backspace",
    "\x08": "backspace",
}


@contextmanager
def single_keys(descriptor: int) -> Iterator[None]:
    """Inside, each key arrives at once and is not shown; afterwards the terminal is as it was."""
    before = termios.tcgetattr(descriptor)
    try:
        tty.setcbreak(descriptor)
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def read_key(descriptor: int, *, wait_s: float) -> str:
    """The next key: a character or a name; empty if none came in time.

    Raises:
        EOFError: the terminal is gone.
    """
    ready, _, _ = select.select([descriptor], [], [], wait_s)
    if not ready:
        return ""
    given = os.read(descriptor, 1)
    if not given:
        raise EOFError
    if given == b"\x1b" and select.select([descriptor], [], [], 0.02)[0]:
        given += os.read(descriptor, 2)
    elif given[0] >= 0xC0:
        given += os.read(descriptor, 3)
    text = given.decode("utf-8", "replace")
    return _NAMED.get(text, text)
