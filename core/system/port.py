"""Whether an address is free for a server, and how to move: `python -m core.system.port HOST PORT SETTING`.

Streamlit and others would quietly take the next port; a person then looks at another program's page.
"""

import errno
import socket
import sys


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there. Raises OSError where the host is no address of this machine."""
    ours = False
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        with socket.socket(family, kind, protocol) as probe:
            if sys.platform != "win32":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(address)
            except OSError as fault:
                if fault.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                    continue  # localhost is ::1 too, on machines without IPv6 as well
                return False
            ours = True
    if not ours:
        raise OSError(errno.EADDRNOTAVAIL, f"{host} is no address of this machine")
    return True


def complaint(host: str, port: str, setting: str) -> str | None:
    """One sentence when a server cannot be started there, naming the setting to change; None when it can."""
    if not port.isdecimal() or not 0 < int(port) < 65536:
        return f"{setting} is {port!r}, expected a port number from 1 to 65535"
    try:
        free = is_free(host, int(port))
    except OSError:
        return f"HOST is {host!r}, which is no address of this machine; use localhost, or 0.0.0.0 for all its addresses"
    if free:
        return None
    return f"Port {port} on {host} is taken by another program; choose another, such as {setting}={int(port) + 1}"


if __name__ == "__main__":
    sentence = complaint(*sys.argv[1:4])
    if sentence:
        sys.exit(sentence)
