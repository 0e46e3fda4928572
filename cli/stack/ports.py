"""Ports on 127.0.0.1, chosen once per installation and remembered."""

import secrets
import socket

# below the range that systems hand out to outgoing connections, so a remembered port is free again after `down`
FIRST, LAST = 20_000, 32_000


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # as the servers do: a port in TIME_WAIT is free, one that somebody listens on is not
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def choose(taken: set[int], *, twin: int = 0) -> int:
    """A free port that is not in `taken`; random, so that two installations made at once rarely meet.

    With `twin`, the port that many above it is free as well.
    """
    while True:
        port = FIRST - twin + secrets.randbelow(LAST - FIRST)
        if not {port, port + twin} & taken and is_free(port) and is_free(port + twin):
            return port
