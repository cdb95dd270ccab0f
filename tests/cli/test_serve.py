import os
import re
import resource
import signal
import socket
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.cli.processes import Process, environment_of, run


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["interrupted", "terminated"])
def test_it_serves_until_told_and_ends_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    process = Process("serve", "--port", "0", environment=environment_of(tmp_path / "home"), cwd=tmp_path)
    try:
        said = process.wait_for("in another shell")
        url = re.search(r"http://\S+", said)
        assert url is not None
        with urllib.request.urlopen(f"{url[0]}/_yett/health", timeout=10) as answer:
            assert answer.status == 200
    finally:
        code = process.end(number)
    assert code == 0, process.printed
    assert "Traceback" not in process.printed


def test_it_serves_more_clients_than_its_shell_lets_it_open_files(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, hard))  # as the server inherits it
    try:
        process = Process("serve", "--port", "0", environment=environment_of(tmp_path / "home"), cwd=tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    try:
        found = re.search(r"http://localhost:(\d+)", process.wait_for("in another shell"))
        assert found is not None
        with ExitStack() as clients:
            for _ in range(200):
                client = clients.enter_context(socket.create_connection(("127.0.0.1", int(found[1])), timeout=10))
                client.sendall(b"GET /_yett/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert client.recv(65536).startswith(b"HTTP/1.1 200 ")
    finally:
        process.end()


def test_a_setting_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    environment = environment_of(tmp_path / "home", YETT_ACCOUNT="twelve")
    result = run("yett", "serve", "--port", "0", environment=environment, cwd=tmp_path)
    assert result.returncode == 1
    assert "YETT_ACCOUNT is `twelve`: an account id has twelve digits" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--admin", "127.0.0.1:0"], "go with --gateway"),
        (["--tls-cert", "x.pem", "--tls-key", "x.pem"], "go with --gateway"),
        (["--gateway", "127.0.0.1:0", "--port", "0"], "take the places of --host and --port"),
        (["--gateway", "nowhere"], "--gateway is `nowhere`: write HOST:PORT"),
        (["--gateway", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--tls-cert", "x.pem"], "go together"),
    ],
)
def test_options_that_contradict_each_other_are_refused(tmp_path: Path, options: list[str], said: str) -> None:
    (tmp_path / "x.pem").write_text("")
    result = run("yett", "serve", *options, environment=environment_of(tmp_path / "home"), cwd=tmp_path)
    assert (result.returncode, said in result.stderr) == (2, True)


def test_it_serves_apis_and_administration_apart_and_reloads_when_told(tmp_path: Path) -> None:
    options = ("--gateway", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--workers", "1")
    process = Process("serve", *options, environment=environment_of(tmp_path / "home"), cwd=tmp_path)
    try:
        said = process.wait_for("in another shell")
        gateway, admin = re.findall(r"http://localhost:\d+", said)
        with urllib.request.urlopen(f"{admin}/_yett/ready", timeout=10) as answer:
            assert answer.status == 200
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{gateway}/_yett/ready", timeout=10)
        os.kill(process.pid, signal.SIGHUP)
        with urllib.request.urlopen(f"{admin}/_yett/health", timeout=10) as answer:
            assert answer.status == 200
    finally:
        code = process.end(signal.SIGTERM)
    assert code == 0, process.printed
    assert "Traceback" not in process.printed
