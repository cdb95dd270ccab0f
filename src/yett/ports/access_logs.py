"""Port: lines about calls, for whoever runs an API."""

from collections.abc import Callable
from typing import Protocol


class AccessLogs(Protocol):
    """Append-only lines by destination."""

    def append(self, file_name: str, line: Callable[[], str]) -> None:
        """Have a line appended soon; it is rendered when it is written. Neither waits nor raises: where lines come
        faster than they can be written some are lost, which the log tells.
        """
        ...
