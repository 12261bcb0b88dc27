"""Finding out that a port is taken before a minute is spent on loading the model."""

from __future__ import annotations

import errno
import socket
from typing import Any

from model_server.errors import InvalidSettings, PortInUse


def check_free(host: str, port: int, *, setting: str) -> None:
    """Do nothing if this process may listen on the port of this address.

    gRPC would share a taken port silently and kserve report one with a traceback, so it is tried here.

    Raises:
        PortInUse: naming the setting to change.
        InvalidSettings: the address is none of this machine's.
    """
    family, address = _resolved(host, port)
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                raise _not_ours(host) from error
            reason = (
                "is in use" if error.errno == errno.EADDRINUSE else f"cannot be opened ({error.strerror})"
            )
            msg = f"port {port} {reason}; stop what listens there or set {setting} to another."
            raise PortInUse(msg) from error


def _resolved(host: str, port: int) -> tuple[int, Any]:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise _not_ours(host) from error
    return family, address


def _not_ours(host: str) -> InvalidSettings:
    return InvalidSettings(
        f"MM_SERVER_HOST is {host}, which is no address of this machine; use 0.0.0.0, ::, 127.0.0.1 or one "
        "of its own."
    )
