"""``ports.access_logs.AccessLogs`` in memory."""

from collections.abc import Callable


class MemoryAccessLogs:
    def __init__(self) -> None:
        self.lines: list[tuple[str, Callable[[], str]]] = []

    def append(self, file_name: str, line: Callable[[], str]) -> None:
        self.lines.append((file_name, line))

    def rendered(self, file_name: str) -> list[str]:
        return [line() for name, line in self.lines if name == file_name]
