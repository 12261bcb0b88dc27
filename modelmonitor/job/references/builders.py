"""The sources of a reference under one interface: is a stored version still right, how is the next built."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from modelmonitor.job.plan import RunPlan
from modelmonitor.job.references.dataset import changed_since, dataset_reference
from modelmonitor.job.references.log import Stretch, log_reference, stretch_of
from modelmonitor.job.references.registry import Registered, mlflow_reference, registered
from modelmonitor.job.references.sources import ReferenceNotBuilt, Sources
from modelmonitor.job.references.texts import scored_anew
from modelmonitor.store.references import Reference

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812 - psycopg2's class has a lower-case name


@dataclass(frozen=True, slots=True)
class Before:
    """What there is already.

    Attributes:
        newest: the newest stored version; None if there is none.
        scored_by: finds the newest one that a version of the model scored.
    """

    newest: Reference | None
    scored_by: Callable[[str], Reference | None]


class Builder(Protocol):
    """One source of references."""

    @property
    def stretch(self) -> Stretch | None:
        """The stretch of the prediction log that it takes; None for samples without a time."""

    def is_current(self, found: Reference) -> bool:
        """Whether a stored version of the right model is what would be built now."""

    def build(self, *, wanted: str | None, before: Before, now: datetime) -> Reference:
        """A version of the wanted model, not saved yet, or a stored one that will do.

        Raises:
            JobError: it cannot be built; the message says what to change.
        """


def builder_of(conn: Connection, plan: RunPlan, *, sources: Sources, now: datetime) -> Builder:
    """The builder for the source that the spec names.

    Raises:
        ReferenceNotBuilt: MLflow does not tell which version is meant.
    """
    spec = plan.reference.spec
    if spec.dataset is not None:
        return OfDataset(conn, plan, sources)
    if spec.mlflow is not None:
        return OfRegistry(plan, sources, registered(spec.mlflow, sources))
    return OfLog(conn, plan, sources, stretch_of(conn, plan, now=now))


@dataclass(frozen=True, slots=True)
class OfDataset:
    """Texts that are scored by the served model."""

    conn: Connection
    plan: RunPlan
    sources: Sources
    stretch: Stretch | None = None

    def is_current(self, found: Reference) -> bool:
        """Unless other texts were imported since."""
        return not changed_since(self.conn, found)

    def build(self, *, wanted: str | None, before: Before, now: datetime) -> Reference:
        """The texts as the served model scores them, whichever version the log told."""
        return dataset_reference(
            self.conn, self.plan, newest=before.newest, stored=before.scored_by, sources=self.sources, now=now
        )


@dataclass(frozen=True, slots=True)
class OfLog:
    """A stretch of the prediction log."""

    conn: Connection
    plan: RunPlan
    sources: Sources
    stretch: Stretch

    def is_current(self, found: Reference) -> bool:
        """Whether it is of the same stretch; one that is never refreshed stays where it began."""
        if self.plan.reference.spec.refresh == "never" and self.stretch.kind == "rolling":
            return True
        bounds = {name: self.stretch.source()[name] for name in ("from", "to")}
        return bounds.items() <= found.source.items()

    def build(self, *, wanted: str | None, before: Before, now: datetime) -> Reference:
        """The predictions of the wanted version, or the texts of the last reference as it scores them."""
        try:
            return log_reference(self.conn, self.plan, self.stretch, wanted=wanted, now=now)
        except ReferenceNotBuilt as error:
            why = str(error).rstrip(".")
            if before.newest is None or wanted in (None, before.newest.model_version):
                raise ReferenceNotBuilt(f"{why}: choose another time, or wait.") from None
            return scored_anew(
                before.newest,
                self.plan,
                source=self.stretch.source(),
                wanted=wanted,
                sources=self.sources,
                why=why,
                now=now,
            )


@dataclass(frozen=True, slots=True)
class OfRegistry:
    """A sample in MLflow."""

    plan: RunPlan
    sources: Sources
    sample: Registered
    stretch: Stretch | None = None

    def is_current(self, found: Reference) -> bool:
        """Whether it was built of the sample of the version that is meant now."""
        return self.plan.reference.spec.refresh == "never" or self.sample.made(found)

    def build(self, *, wanted: str | None, before: Before, now: datetime) -> Reference:
        """The sample of the registered version."""
        stored = before.scored_by(wanted or self.sample.version)
        if stored is not None and self.sample.made(stored):
            return stored
        return mlflow_reference(self.plan, self.sample, wanted=wanted, sources=self.sources, now=now)
