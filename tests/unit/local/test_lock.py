import os
import subprocess
import sys
import textwrap

import pytest

from modelmonitor.local.errors import AlreadyRunning
from modelmonitor.local.lock import held

HOLDER = textwrap.dedent("""
    import sys, time
    from pathlib import Path
    from modelmonitor.local.lock import held
    with held(Path(sys.argv[1])):
        print("held", flush=True)
        time.sleep(60)
""")


@pytest.fixture
def holder(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def test_a_second_start_is_refused_and_told_who_holds_the_folder(tmp_path, holder):
    with pytest.raises(AlreadyRunning) as error, held(tmp_path):
        pass

    assert str(error.value) == (
        f"{tmp_path} is in use by process {holder.pid}: stop it with Ctrl-C or `kill {holder.pid}`, "
        "or choose another folder with --data-dir"
    )


def test_the_lock_ends_with_kill_9_of_its_holder(tmp_path, holder):
    holder.kill()
    holder.wait()

    with held(tmp_path):
        assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"


def test_the_lock_can_be_taken_again_after_it_was_left(tmp_path):
    for _ in range(2):
        with held(tmp_path / "new" / "folder"):
            pass
