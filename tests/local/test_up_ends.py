"""How `modelmonitor up` ends, on purpose or not, and starts again."""

import re
import signal
import subprocess

import pytest

from modelmonitor.local.ports import free_port

from .conftest import MAIN, Up, environment, starting, survivors, taken_port, wait_until

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def start(tiny_model, data_dir):
    with starting(tiny_model, data_dir) as start:
        yield start


def test_ctrl_c_stops_everything_also_when_one_port_was_wanted_twice(start, data_dir):
    port = free_port(0).number
    up = start(http_port=port, grpc_port=port)
    family = up.family()
    assert len(family) > 3
    assert up.addresses.predictor_url == f"http://127.0.0.1:{port}"
    assert f"port {port} is in use by the predictor: gRPC takes " in up.said()

    code = up.send(signal.SIGINT)

    assert code == 130
    assert survivors(family, seconds=0) == []
    assert not (data_dir / "addresses.json").exists()
    assert up.said().endswith(f"\nstopping; the data stay in {data_dir}\n")
    assert "Traceback" not in up.said()


def test_after_kill_9_all_children_end_and_the_next_start_keeps_the_rows_although_its_port_is_taken(start):
    killed = start()
    family, row = killed.family(), killed.predict()
    wait_until(lambda: row in killed.logged(), seconds=60, why=killed.said)

    killed.send(signal.SIGKILL)

    assert survivors(family, seconds=30) == []
    with taken_port() as port:
        again = start(http_port=port)
        moved = re.findall(
            f"port {port} is in use by another program: predictor takes ([0-9]+) instead", again.said()
        )
        assert again.addresses.predictor_url == f"http://127.0.0.1:{moved[0]}"
        assert row in again.logged()
        family = again.family()
        assert again.send(signal.SIGTERM) == 130
        assert survivors(family, seconds=0) == []


def test_ctrl_c_while_starting_leaves_nothing_behind(data_dir):
    output = data_dir.parent / "interrupted.txt"
    with output.open("wb") as stream:
        process = subprocess.Popen(
            [*MAIN, "up", "--data-dir", str(data_dir)], env=environment(), stdout=stream, stderr=stream
        )
    up = Up(process, data_dir, output)
    up.wait_until_it_says("starting PostgreSQL and MLflow …")
    wait_until(lambda: "MLflow" in up.children(), seconds=60, why=up.said)
    family = up.family()

    assert up.send(signal.SIGINT) == 130

    assert survivors(family, seconds=0) == []
    assert "Traceback" not in up.said()
