"""What can go wrong in the store, one class for each thing the caller can do about it."""

from __future__ import annotations


class StoreError(Exception):
    """Any failure of the store; the message is one sentence with cause and fix."""


class DatabaseUnreachable(StoreError):  # the name says what to look at
    """No connection to PostgreSQL: start it, or correct the URL."""


class DatabaseRefused(StoreError):
    """PostgreSQL refused a statement, and the data is not why: migrate, grant, or free its disk."""


class RowsRefused(StoreError):
    """PostgreSQL refused at least one of the rows for what it contains: isolate it and keep it aside."""


class UpgradeModelMonitor(StoreError):
    """The database was migrated by a newer ModelMonitor: run that one."""


class MigrationChanged(StoreError):
    """A migration that was applied differs from the one shipped: restore it and add a new one instead."""


class SpoolUnwritable(StoreError):
    """The spool directory cannot be written: fix its disk or permissions; nothing acknowledged is lost."""


class SpoolFull(SpoolUnwritable):
    """The spool has no room: free the disk, raise max_bytes, or bring PostgreSQL back."""


class SpoolInUse(StoreError):
    """Another process writes to this spool directory: give each writer its own."""


class LogNotOpen(StoreError):
    """The prediction log was not started, or is closed: call start() first."""


class ReferenceMissing(StoreError):
    """No reference of this name for this model: build one first."""


class ReferenceExists(StoreError):
    """This version of the reference exists: save under the next version."""


class MixedWindow(StoreError):
    """The window holds predictions of models that cannot be compared: narrow it to one model version."""
