"""Where the server listens: an address of this machine, by default one that no other can reach."""

from __future__ import annotations

import re
import socket

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_IS_127 = re.compile(r"127(\.\d{1,3}){3}")


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Parameters
    ----------
    host
        An address of this machine.
    port
        0: any that is free.

    Raises
    ------
    OSError
        The address is not this machine's, or the port is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=128)


def is_loopback(host: str) -> bool:
    """Return whether an address is reached from this machine alone."""
    return host in LOOPBACK or _IS_127.fullmatch(host) is not None
