"""What can go wrong on one machine, named for what the user does next."""

from __future__ import annotations


class LocalError(Exception):
    """The local stack cannot go on; the message says why and what to do."""


class AlreadyRunning(LocalError):
    """Another `modelmonitor up` or `demo` holds the data directory."""


class ProcessFailed(LocalError):
    """A child process ended or did not answer in time; its log says why."""


class NoModel(LocalError):
    """There is no model to serve yet."""
