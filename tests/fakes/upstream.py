"""A backend that records what it was sent."""

from yett.ports.upstream import UpstreamRequest, UpstreamResponse
from yett.values.http import Headers


class MemoryUpstream:
    """``ports.upstream.Upstream``. What ``raises`` holds is raised in an answer's place."""

    def __init__(self) -> None:
        self.requests: list[UpstreamRequest] = []
        self.answer = UpstreamResponse(
            status=200, headers=Headers((("Content-Type", "application/json"),)), body=b'{"ok":true}'
        )
        self.raises: Exception | None = None

    @property
    def connection_count(self) -> int:
        return 0

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        self.requests.append(request)
        if self.raises is not None:
            raise self.raises
        return self.answer
