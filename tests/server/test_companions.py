import asyncio
import sys
from pathlib import Path

import pytest

from yett.server.companions import Companion, CompanionFailed, RunningCompanions, find_free_port, read_companions

SERVER = """
import os, socketserver
class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.sendall("\\n".join(sorted(os.environ)).encode())
socketserver.TCPServer(("127.0.0.1", int(os.environ["PORT"])), Echo).serve_forever()
"""


def test_processes_are_read_from_the_template_s_metadata() -> None:
    metadata = {
        "Yett": {
            "Processes": {
                "Backend": {"Command": ["python3", "app.py"], "PortParameter": "BackendPort"},
                "Other": {"Command": ["x"]},
            }
        }
    }
    assert read_companions(metadata) == (
        Companion(name="Backend", command=("python3", "app.py"), port_parameter="BackendPort"),
        Companion(name="Other", command=("x",), port_parameter=None),
    )


@pytest.mark.parametrize("metadata", [{}, {"Yett": None}, {"Yett": {}}, {"Other": 1}, {"Yett": "text"}])
def test_a_template_may_want_none(metadata: dict[str, object]) -> None:
    assert read_companions(metadata) == ()


@pytest.mark.parametrize(
    "processes",
    [[], "x", {"A": None}, {"A": {}}, {"A": {"Command": []}}, {"A": {"Command": "x y"}}, {"A": {"Command": [1]}}],
)
def test_what_is_no_process_is_refused(processes: object) -> None:
    with pytest.raises(CompanionFailed):
        read_companions({"Yett": {"Processes": processes}})


async def test_a_companion_gets_a_port_and_none_of_our_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YETT_MASTER_KEY", "secret")
    (tmp_path / "app.py").write_text(SERVER)
    running = RunningCompanions()
    companion = Companion(name="Backend", command=("python3", "app.py"), port_parameter="BackendPort")
    parameters = await running.start([companion], tmp_path)
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(parameters["BackendPort"]))
        names = set((await reader.read()).decode().split("\n"))
        writer.close()
        await writer.wait_closed()
    finally:
        await running.stop()
    assert names <= {"PATH", "LANG", "PORT", "LC_CTYPE", "PWD", "SHLVL", "_", "__CF_USER_TEXT_ENCODING"}
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", int(parameters["BackendPort"]))


async def test_one_that_ends_before_it_listens_is_told(tmp_path: Path) -> None:
    running = RunningCompanions()
    companion = Companion(name="Backend", command=(sys.executable, "-c", "raise SystemExit(3)"), port_parameter=None)
    with pytest.raises(CompanionFailed, match="`Backend` ended with 3"):
        await running.start([companion], tmp_path)
    await running.stop()


async def test_one_that_cannot_be_started_is_told(tmp_path: Path) -> None:
    companion = Companion(name="Backend", command=("/no/such/program",), port_parameter=None)
    with pytest.raises(CompanionFailed, match="would not start"):
        await RunningCompanions().start([companion], tmp_path)


def test_a_free_port_is_a_port() -> None:
    assert 0 < find_free_port() < 65536
