"""The rights of a process that decodes photos of others: few, as far as the system lets them be taken away.

It is no wall: the process runs as the user and reads the user's files, and the server believes what it answers. But by
itself it can write no file, open no connection, and take no more memory than there is.
"""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress
from pathlib import Path

MOST_FILES = 256
SPARE = 2 << 30
"""Bytes of addresses beyond the memory of this computer: libraries take some that they never use."""

# linux/sched.h, linux/prctl.h
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
PR_SET_NO_NEW_PRIVS = 38


def narrow(largest_file: int = 0) -> None:
    """Give up what decoding and measuring do not need; call it in a process of one thread.

    ``largest_file`` is the number of bytes that a file which it writes may have; with 0 it can write none. What the
    system does not let be given up stays; nothing is raised.
    """
    _leave_network()
    _limit(largest_file)


def _limit(largest_file: int) -> None:
    if sys.platform == "win32":
        return
    import resource

    import psutil

    memory = psutil.virtual_memory().total + psutil.swap_memory().total + SPARE
    for what, most in (
        (resource.RLIMIT_FSIZE, largest_file),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, MOST_FILES),
        (resource.RLIMIT_AS, memory),
    ):
        with suppress(OSError, ValueError):
            _, hard = resource.getrlimit(what)
            least = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(what, (least, least))


def _leave_network() -> None:
    """Go to a network of its own that has nothing in it, not even this computer (Linux, unshare(2)).

    Who is not root needs a namespace of users for that, in which the process stays who it is (user_namespaces(7)).
    """
    if sys.platform != "linux":
        return
    with suppress(OSError, AttributeError):
        system = ctypes.CDLL(None, use_errno=True)
        system.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        user, group = os.geteuid(), os.getegid()
        if system.unshare(CLONE_NEWNET | (CLONE_NEWUSER if user else 0)) == 0 and user:
            own = Path("/proc/self")
            (own / "setgroups").write_text("deny")
            (own / "uid_map").write_text(f"{user} {user} 1")
            (own / "gid_map").write_text(f"{group} {group} 1")
