import asyncio
import contextlib
import os
import select
import signal
import subprocess
import sys

import pytest

from yett.adapters.dynamodb import EmbeddedDynamoDb, RemoteDynamoDb, credentials_of
from yett.ports.upstream import LOCAL_DEVELOPMENT
from yett.values.errors import Unavailable

A, B = "123456789012", "999999999999"


async def is_open(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


async def test_the_embedded_backend_starts_once_and_again_after_a_crash_and_ends_when_closed() -> None:
    embedded = EmbeddedDynamoDb()
    try:
        first, second = await asyncio.gather(embedded.backend(A), embedded.backend(B))
        assert first.port == second.port
        assert await is_open(first.port)
        assert first.credentials.access_key_id != second.credentials.access_key_id
        process = embedded._process
        assert process is not None
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        again = await embedded.backend(A)
        assert await is_open(again.port)
    finally:
        await embedded.close()
    assert not await is_open(again.port)
    await embedded.close()


async def test_the_embedded_backend_ends_with_its_parent() -> None:
    program = (
        "import asyncio, os\n"
        "from yett.adapters.dynamodb import EmbeddedDynamoDb\n"
        "async def main():\n"
        "    embedded = EmbeddedDynamoDb()\n"
        "    backend = await embedded.backend('123456789012')\n"
        "    print(backend.port, embedded._process.pid, flush=True)\n"
        "    os._exit(1)\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    output, _ = await parent.communicate()
    port, pid = map(int, output.split()[-2:])
    with contextlib.suppress(ProcessLookupError):  # it is gone already
        await asyncio.wait_for(asyncio.to_thread(wait_for_end, pid), 20)
    assert not await is_open(port)


def wait_for_end(pid: int) -> None:
    """Wait until a process that is not our child ends."""
    handle = os.pidfd_open(pid)
    try:
        select.select([handle], [], [])
    finally:
        os.close(handle)


async def test_a_named_endpoint_is_used_as_it_is() -> None:
    remote = RemoteDynamoDb("https://tables.example", network_rule=LOCAL_DEVELOPMENT)
    backend = await remote.backend(A)
    assert (backend.scheme, backend.host, backend.port) == ("https", "tables.example", 443)
    assert backend.credentials == credentials_of(A)
    await remote.close()


async def test_an_account_without_credentials_at_the_backend_is_not_served() -> None:
    remote = RemoteDynamoDb("http://127.0.0.1:8000", network_rule=LOCAL_DEVELOPMENT, credentials={A: credentials_of(A)})
    assert (await remote.backend(A)).port == 8000
    with pytest.raises(Unavailable):
        await remote.backend(B)


@pytest.mark.parametrize("url", ["", "tables.example", "ftp://tables.example", "http://"])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="not the URL"):
        RemoteDynamoDb(url, network_rule=LOCAL_DEVELOPMENT)
