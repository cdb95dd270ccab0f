"""Unix sockets by paths of any length: the kernel takes 107 bytes, homes may be deeper."""

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

LONGEST_PATH: Final = 100  # bytes; sun_path has 108 on Linux, 104 elsewhere
BACKLOG: Final = 1024


@contextlib.contextmanager
def connectable(path: Path) -> Iterator[str]:
    """The path, or while the context lasts a short name of the same file (Linux alone has those)."""
    if len(os.fsencode(path)) <= LONGEST_PATH:
        yield str(path)
        return
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)


def listen_at(path: Path) -> socket.socket:
    """A socket that listens at the path, in the place of what an earlier process left there; its user's alone (0600).

    The directory is its user's alone too, so nobody comes between the two steps.

    Raises:
        OSError: The path cannot be bound.
    """
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with connectable(path) as name:
            listening.bind(name)
        path.chmod(0o600)
        listening.listen(BACKLOG)
        listening.setblocking(False)
    except BaseException:
        listening.close()
        raise
    return listening
