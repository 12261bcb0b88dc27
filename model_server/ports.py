"""Finding out that a port is taken before a minute is spent on loading the model."""

from __future__ import annotations

import errno
import socket

from model_server.errors import PortInUse


def check_free(port: int, *, setting: str) -> None:
    """Do nothing if this process may listen on the port.

    gRPC would share a taken port silently and kserve report one with a traceback, so it is tried here.

    Raises:
        PortInUse: naming the setting to change.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))  # noqa: S104  # kserve listens on all addresses
        except OSError as error:
            reason = (
                "is in use" if error.errno == errno.EADDRINUSE else f"cannot be opened ({error.strerror})"
            )
            msg = f"port {port} {reason}; stop what listens there or set {setting} to another."
            raise PortInUse(msg) from error
