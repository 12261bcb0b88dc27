"""`modelmonitor demo`: train, serve, replay reviews and tweets, and tell what drifted."""

from __future__ import annotations

import os

from modelmonitor.cli.options import DataDir


def demo(data_dir: DataDir = None) -> None:
    """Train a model on movie reviews, serve it, feed it reviews and then tweets, and tell what drifted.

    The first run downloads about 90 MB of texts and weights and trains for one to two minutes on two cores;
    later runs use what is there. Exit code 0 only if both verdicts are the right ones.
    """
    # Threads that spin while they wait for each other train ten times longer beside other work.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # Imported here, for it brings torch, which no other command should wait for.
    from modelmonitor.cli.demo_run import run_demo

    run_demo(data_dir)
