"""Exit codes of `modelmonitor`, documented in docs/reference/cli.md."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the shell gets back."""

    OK = 0
    """Done."""
    ERROR = 1
    """It failed; the sentence on standard error says why and what to do."""
    BAD_INPUT = 2
    """A wrong option, or a file that is not what it should be; nothing was changed."""
    UNREACHABLE = 3
    """A process that is needed does not answer (database, predictor, MLflow)."""
    UNEXPECTED_VERDICT = 4
    """`demo` ran to its end, but a verdict was not the one that the data deserve."""
    NOT_FOUND = 5
    """There is no monitor, run or check of this name."""
    NOT_REPEATED = 6
    """`drift replay`: the rows of the run are no longer what they were, or a number came out different."""
    WARNING = 10
    """With `--exit-code` only: something is in its warning range."""
    DRIFT = 20
    """With `--exit-code` only: a check says drift, or something is in its critical range."""
    INTERRUPTED = 130
    """Stopped with Ctrl-C."""
