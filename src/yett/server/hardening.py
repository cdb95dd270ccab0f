"""What a process that holds secrets asks of the kernel when it starts."""

import ctypes
import os
import sys
from typing import Final

PR_SET_DUMPABLE: Final = 4  # https://man7.org/linux/man-pages/man2/PR_SET_DUMPABLE.2const.html


class InspectionPermitted(OSError):
    """The kernel would not close this process to others of the same user."""


def forbid_inspection() -> None:
    """Close this process's memory and environment to others of the same user, functions among them, and to core files.

    On Linux ``/proc/PID/environ``, ``/proc/PID/mem`` and ``ptrace`` are root's from then on; elsewhere nothing happens,
    since no other system shows them so freely. What this process executes is not closed: each asks for itself.

    Raises:
        InspectionPermitted: The kernel refused.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise InspectionPermitted(number, os.strerror(number))
