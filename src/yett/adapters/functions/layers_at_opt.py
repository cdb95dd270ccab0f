"""A function's layers at ``/opt``, where Lambda has them: for its process and those below, and nobody else's sight.

A mount namespace of the process's own does it. Root may have one; others get one in a user namespace, where the system
lets them. Like the launcher, which loads it by its path, this knows the standard library alone.

Source: https://man7.org/linux/man-pages/man7/mount_namespaces.7.html, .../user_namespaces.7.html
"""

import ctypes
import os
import sys
from collections.abc import Sequence
from pathlib import Path

OPT = "/opt"
CLONE_NEWNS = 0x00020000  # https://man7.org/linux/man-pages/man2/unshare.2.html
CLONE_NEWUSER = 0x10000000
LINUX_CAPABILITY_VERSION_3 = 0x20080522  # https://man7.org/linux/man-pages/man2/capset.2.html
MS_RDONLY, MS_NOSUID, MS_NODEV = 1, 2, 4  # https://man7.org/linux/man-pages/man2/mount.2.html
MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 32, 4096, 16384, 1 << 18


def put_layers_at_opt(layers: str, needed: Sequence[str]) -> bool:
    """Let ``/opt`` be the directory of layers from now on; whether it is.

    Where the system does not permit it, or something that the function needs lies below ``/opt`` itself, nothing
    changes. It is tried in another process first, so that a half of it is never left.

    Args:
        needed: What must stay in sight: code, interpreter, packages.
    """
    if sys.platform != "linux" or not layers or not os.path.isdir(OPT):
        return False
    if any(os.path.realpath(path).startswith(f"{OPT}/") for path in (layers, *needed) if path):
        return False
    trial = os.fork()
    if not trial:
        os._exit(0 if bind(layers) else 1)
    return os.waitstatus_to_exitcode(os.waitpid(trial, 0)[1]) == 0 and bind(layers)


def bind(layers: str) -> bool:
    """Mount the directory over ``/opt`` in a namespace of our own; False if it cannot be done."""
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.geteuid(), os.getegid()
    is_permitted = libc.unshare(CLONE_NEWNS) == 0
    if not is_permitted:
        if libc.unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0:
            return False
        try:
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
            Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
        except OSError:
            return False
    source, target = os.fsencode(layers), OPT.encode()
    # What is mounted here is to be seen here alone.
    if libc.mount(None, b"/", None, ctypes.c_ulong(MS_REC | MS_PRIVATE), None) != 0:
        return False
    if libc.mount(source, target, None, ctypes.c_ulong(MS_BIND), None) != 0:
        return False
    # On Lambda nobody writes there; where that cannot be had, it is as it was by its own path.
    read_only = MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV
    libc.mount(None, target, None, ctypes.c_ulong(read_only), None)
    if is_permitted:
        return True
    # A new user namespace gave every capability within it; there were none before.
    return bool(libc.capset((ctypes.c_uint32 * 2)(LINUX_CAPABILITY_VERSION_3, 0), (ctypes.c_uint32 * 6)()) == 0)
