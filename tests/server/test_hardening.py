import os
import subprocess
import sys

import pytest

SYSTEM_PYTHON = "/usr/bin/python3"
IS_LINUX = sys.platform == "linux"
DUMPABLE = """
import ctypes
from yett.server.hardening import forbid_inspection
forbid_inspection()
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), flush=True)
input()
"""


@pytest.mark.skipif(not IS_LINUX, reason="only Linux shows a process's environment to its user")
def test_a_process_of_the_same_user_reads_neither_environment_nor_memory() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", DUMPABLE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as closed:
        assert closed.stdin is not None
        assert closed.stdout is not None
        assert closed.stdout.readline() == "0\n"
        owner = os.stat(f"/proc/{closed.pid}/environ").st_uid
        closed.stdin.write("\n")
        closed.stdin.flush()
        assert closed.wait() == 0
    assert owner == 0  # root's, whoever runs it


@pytest.mark.skipif(not IS_LINUX, reason="only Linux shows a process's environment to its user")
@pytest.mark.skipif(os.getuid() != 0, reason="only root can become the other user")
@pytest.mark.skipif(not os.path.exists(SYSTEM_PYTHON), reason="an interpreter that every user may run is needed")
def test_an_unprivileged_neighbour_is_refused() -> None:
    """As the user `nobody`, both: the reader may read a neighbour's environment until the neighbour forbids it."""
    script = (
        "import os, subprocess, sys\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "child = subprocess.Popen([sys.executable, '-S', '-c', sys.argv[1]], stdin=subprocess.PIPE,"
        " stdout=subprocess.PIPE, text=True)\n"
        "child.stdout.readline()\n"
        "try:\n    open(f'/proc/{child.pid}/environ', 'rb').read(); print('read')\n"
        "except PermissionError:\n    print('refused')\n"
        "child.communicate('\\n')\n"
    )
    open_ = "print('ready', flush=True); input()"
    closed = "import ctypes; ctypes.CDLL(None).prctl(4, 0, 0, 0, 0); print('ready', flush=True); input()"
    said = [
        subprocess.run(
            [SYSTEM_PYTHON, "-c", script, body], capture_output=True, text=True, cwd="/", check=False
        ).stdout.strip()
        for body in (open_, closed)
    ]
    assert said == ["read", "refused"]
