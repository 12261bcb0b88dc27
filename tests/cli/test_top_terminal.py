"""The live view on a real pseudo-terminal."""

from __future__ import annotations

import os
import pty
import sys
import time


def test_on_a_terminal_it_uses_the_alternate_screen_and_leaves_one_line():
    child, terminal = pty.fork()
    if child == 0:
        arguments = ["top", "nobody", "--predictor-url", "http://127.0.0.1:9", "--interval", "1s"]
        code = "from modelmonitor.cli.main import main; main()"
        command = [sys.executable, "-c", code, *arguments]
        os.execve(sys.executable, command, {**os.environ, "TERM": "xterm-256color"})
    screen = b""
    deadline = time.monotonic() + 60
    while b"enter detail" not in screen and time.monotonic() < deadline:
        screen += os.read(terminal, 65536)
    os.write(terminal, b"q")
    try:
        while True:
            screen += os.read(terminal, 65536)
    except OSError:
        pass
    _, ended = os.waitpid(child, 0)

    alternate, main = b"\x1b[?1049h", b"\x1b[?1049l"
    assert os.waitstatus_to_exitcode(ended) == 0
    assert screen.count(alternate) == screen.count(main) == 1
    assert screen.rpartition(main)[2].replace(b"\x1b[?25h", b"").strip() == b"nobody Unknown"
    assert b"\x1b[2J" not in screen.partition(b"enter detail")[2]
