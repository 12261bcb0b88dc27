from __future__ import annotations

import io

from rich.console import Console

from modelmonitor.demo.progress import training_bar
from modelmonitor.demo.train import Step, rate_factor


def test_the_bar_shows_steps_loss_and_time():
    console = Console(file=io.StringIO(), force_terminal=True, width=100, legacy_windows=False)

    with training_bar(console) as observe:
        for number in range(1, 4):
            observe(Step(number=number, total=3, loss=0.5, seconds=float(number)))

    shown = console.file.getvalue()
    assert "trained" in shown
    assert "3/3" in shown
    assert "loss 0.500" in shown


def test_nothing_is_drawn_when_there_was_nothing_to_train():
    console = Console(file=io.StringIO(), force_terminal=True, width=100, legacy_windows=False)

    with training_bar(console):
        pass

    assert "training" not in console.file.getvalue()


def test_the_time_left_follows_from_the_pace():
    assert Step(number=5, total=20, loss=0.1, seconds=10.0).remaining_seconds == 30.0


def test_the_learning_rate_rises_then_falls_and_never_reaches_zero():
    factors = [rate_factor(step, 100, 0.1) for step in range(100)]

    assert factors[:10] == sorted(factors[:10])
    assert factors[10:] == sorted(factors[10:], reverse=True)
    assert max(factors) == 1.0
    assert min(factors) > 0.0


def test_training_of_one_step_has_a_learning_rate():
    assert rate_factor(0, 1, 0.1) == 1.0
