"""The loopback of a network of its own, as the systems of the tests have it."""

from __future__ import annotations

import fcntl
import socket
import struct


def loopback_up() -> None:
    """Switch the loopback on: a new network has it, switched off."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sH", b"lo", 0x1 | 0x40)  # IFF_UP | IFF_RUNNING, SIOCSIFFLAGS
        fcntl.ioctl(any_socket, 0x8914, request)
