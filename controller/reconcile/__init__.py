"""The use case: bring the world of one monitor to its spec and tell in its status what is so."""

from controller.reconcile.plans import Plans
from controller.reconcile.reconciled import Reconciled
from controller.reconcile.reconciler import Reconciler

__all__ = ["Plans", "Reconciled", "Reconciler"]
