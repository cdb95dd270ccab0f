from tests.server.test_streaming import Parts

from yett.testing.gateway import read_whole
from yett.values.http import HttpResponse


async def test_a_body_that_comes_as_a_stream_is_read_to_its_end() -> None:
    async def answer() -> HttpResponse:
        return HttpResponse(status=206, stream=Parts(b"ab", b"c", None))

    whole = await read_whole(answer())
    assert (whole.status, whole.body, whole.stream) == (206, b"abc", None)


async def test_a_body_that_is_here_stays_as_it_is() -> None:
    async def answer() -> HttpResponse:
        return HttpResponse(status=200, body=b"abc")

    assert (await read_whole(answer())).body == b"abc"
