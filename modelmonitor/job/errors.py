"""What can stop a run before it has a verdict, one class for each thing to do about it."""

from __future__ import annotations


class JobError(Exception):
    """A run could not be made; the message is one sentence with cause and fix."""


class UnknownCheck(JobError):
    """The monitor has no check of this name: choose one of those listed."""


class UnreadableMonitor(JobError):
    """The file of the monitor cannot be read: correct its path."""


class NotInACluster(JobError):
    """A status is wanted, but there is no API server: run it in a pod, or leave the setting out."""
