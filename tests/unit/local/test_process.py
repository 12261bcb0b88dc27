import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from modelmonitor.local.errors import ProcessFailed
from modelmonitor.local.process import ChildProcess


def child(tmp_path, code):
    return ChildProcess(
        "helper",
        [sys.executable, "-c", code],
        environment=dict(os.environ),
        log=tmp_path / "logs" / "helper.log",
    )


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(condition):
    for _ in range(200):
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_a_child_that_ends_while_starting_is_reported_with_the_end_of_its_log(tmp_path):
    process = child(tmp_path, "import sys; print('no such model'); sys.exit(3)")
    process.start()

    with pytest.raises(ProcessFailed) as error:
        process.wait_ready(lambda: False, timeout_s=30)

    assert str(error.value) == (
        f"the helper ended while starting (exit code 3); its log {process.log} ends with:\nno such model"
    )


def test_a_child_that_never_answers_is_reported_after_the_timeout(tmp_path):
    process = child(tmp_path, "import time; time.sleep(60)")
    process.start()
    try:
        with pytest.raises(ProcessFailed, match="did not answer within 0 s"):
            process.wait_ready(lambda: False, timeout_s=0.2)
    finally:
        process.stop()


def test_a_child_that_ignores_sigterm_is_killed_after_the_grace_time(tmp_path):
    ready = tmp_path / "ready"
    process = child(
        tmp_path,
        "import signal, time, pathlib; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        f"pathlib.Path({str(ready)!r}).touch(); time.sleep(60)",
    )
    process.start()
    process.wait_ready(ready.exists, timeout_s=30)
    pid = process.pid

    process.stop(grace_s=0.2)

    assert not alive(pid)
    assert not process.running


def test_children_end_when_their_supervisor_is_killed_with_kill_9(tmp_path):
    supervisor = subprocess.Popen(
        [
            sys.executable,
            "-c",
            textwrap.dedent(f"""
                import os, sys, time
                from pathlib import Path
                from modelmonitor.local.process import ChildProcess
                process = ChildProcess("helper", [sys.executable, "-c", "import time; time.sleep(60)"],
                                       environment=dict(os.environ), log=Path({str(tmp_path / "log")!r}))
                process.start()
                print(process.pid, flush=True)
                time.sleep(60)
            """),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    pid = int(supervisor.stdout.readline())

    os.kill(supervisor.pid, signal.SIGKILL)
    supervisor.wait()

    assert wait_until(lambda: not alive(pid))


def test_children_of_a_child_that_was_killed_end_when_it_is_stopped(tmp_path):
    process = child(
        tmp_path,
        "import subprocess, sys, time; "
        "worker = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
        "print(worker.pid, flush=True); time.sleep(60)",
    )
    process.start()
    process.wait_ready(lambda: process.log.read_text().endswith("\n"), timeout_s=30)
    worker = int(process.log.read_text())
    os.kill(process.pid, signal.SIGKILL)
    assert wait_until(lambda: not process.running)

    process.stop()

    assert wait_until(lambda: not alive(worker))


def test_a_failed_start_does_not_show_what_an_earlier_run_logged(tmp_path):
    for words in ("from the first run", "from the second run"):
        process = child(tmp_path, f"print({words!r})")
        process.start()
        with pytest.raises(ProcessFailed) as error:
            process.wait_ready(lambda: False, timeout_s=30)
        process.stop()

    assert "from the first run" in process.log.read_text()
    assert str(error.value).endswith("ends with:\nfrom the second run")
