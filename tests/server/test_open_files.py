"""Processes are started with the bound that shells give, and asked how many they permit themselves."""

import json
import subprocess
import sys

import pytest

from yett.adapters.upstream import limits as upstream_limits
from yett.server import limits
from yett.server.open_files import WANTED

ASK = """
import json, resource
from yett.server import open_files
from yett.server.logging import configure_logging
configure_logging()
open_files.WANTED = 300
print(json.dumps([open_files.permit_open_files(), *resource.getrlimit(resource.RLIMIT_NOFILE)]))
"""


@pytest.mark.parametrize(
    ("soft", "hard", "permitted"),
    [(100, 400, 300), (100, 200, 200), (350, 400, 350)],
    ids=["raised as far as is wanted", "and no further than it may be", "never lowered"],
)
def test_the_bound_is_raised(soft: int, hard: int, permitted: int) -> None:
    bounded = f'ulimit -Sn {soft} && ulimit -Hn {hard} && exec "$@"'
    done = subprocess.run(
        ["bash", "-c", bounded, "-", sys.executable, "-c", ASK], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout.splitlines()[-1]) == [permitted, permitted, hard]
    assert ("few open files" in done.stdout + done.stderr) == (permitted < 300)


def test_there_is_room_for_every_connection() -> None:
    assert WANTED >= limits.MAX_CONNECTIONS + upstream_limits.MAX_CONNECTIONS + 1_024
