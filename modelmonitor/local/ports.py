"""Choose a port on this machine: the preferred one when it is free, else another, said."""

from __future__ import annotations

import socket
from dataclasses import dataclass

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Port:
    """A port that was free when asked for, and the one that was wanted."""

    number: int
    preferred: int

    @property
    def moved(self) -> bool:
        """True when the preferred port was taken by somebody else."""
        return self.preferred not in (0, self.number)


def free_port(preferred: int) -> Port:
    """The preferred port of the loopback interface, or one chosen by the kernel when it is in use (or 0)."""
    for candidate in (preferred, 0):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            # A port in TIME_WAIT after our own last run is free for a server, so it must count as free here.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, candidate))
            except OSError:
                continue
            return Port(number=int(probe.getsockname()[1]), preferred=preferred)
    msg = "no free port on the loopback interface: stop some of the programs that listen there"
    raise OSError(msg)
