"""How many files and sockets a process may have open: as many as the connections come to that it is there for.

Login shells and service managers commonly start with 1,024, whatever the system permits, because of programs that
cannot count further; a process that can is expected to raise the bound itself.

Source: https://man7.org/linux/man-pages/man2/getrlimit.2.html
"""

import contextlib
import resource
from typing import Final

import structlog

WANTED: Final = 16_384  # clients and backends at their bounds, and room for the store, functions and logs

log = structlog.get_logger(__name__)


def permit_open_files() -> int:
    """Raise this process's bound to what it may come to need, as far as the system lets it; how many are permitted."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):  # macOS names no bound, and has one
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    permitted = WANTED if soft == resource.RLIM_INFINITY else soft
    if permitted < WANTED:
        log.info("few open files", permitted=permitted, wanted=WANTED, hint="raise the hard limit: ulimit -Hn")
    return permitted
