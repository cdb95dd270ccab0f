"""Code of a function tries to learn what is not its own: environments, descriptors, other functions' invocations."""

import base64
import contextlib
import json
import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.sdk.making import package, unique
from tests.security.serving import Served

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")

MASTER_KEY = base64.b64encode(secrets.token_bytes(32)).decode()
CANARY = "canary-in-the-shell-that-started-yett"

SPY = r"""
import os, socket, urllib.request, urllib.error

def attempt(what):
    try:
        return what()
    except BaseException as error:
        return f"{type(error).__name__}: {error}"

def read(path):
    with open(path, "rb") as file:
        return file.read(100_000).decode("latin-1")

def ask(address, path):
    try:
        with urllib.request.urlopen(f"http://{address}/{path}", timeout=2) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code

def handler(event, context):
    parent = event.get("gateway") or os.getppid()
    found = {
        "pid": os.getpid(),
        "environment": dict(os.environ),
        "initial": attempt(lambda: read("/proc/self/environ")),
        "parent environment": attempt(lambda: read(f"/proc/{parent}/environ")),
        "parent memory": attempt(lambda: str(len(open(f"/proc/{parent}/mem", "rb").read(0)))),
        "parent descriptors": attempt(lambda: open(f"/proc/{parent}/fd/0")),
        "parent links": attempt(lambda: os.readlink(f"/proc/{parent}/fd/1")),
        "descriptors": {fd: attempt(lambda: os.readlink(f"/proc/self/fd/{fd}")) for fd in os.listdir("/proc/self/fd")},
        "group": [os.getpgid(0), os.getsid(0)],
        "parent group": os.getpgid(parent),
    }
    if "peer" in event:
        found["peer environment"] = attempt(lambda: read(f"/proc/{event['peer']}/environ"))
        address = event["peer address"]
        for token in ("", "x/", os.environ["AWS_LAMBDA_RUNTIME_API"].partition("/")[2] + "/"):
            path = f"{token}2018-06-01/runtime/invocation/next"
            found.setdefault("stolen", []).append(attempt(lambda: ask(address, path)))
    return found
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("served") / "home"
    with Served(home, YETT_MASTER_KEY=MASTER_KEY, CANARY=CANARY, AWS_SECRET_ACCESS_KEY=CANARY) as server:
        yield server


@pytest.fixture(scope="module")
def found(served: Served) -> dict[str, Any]:
    """What two functions saw: the spy, told of the other, and the other's own account of itself."""
    peer, spy = make_spy(served), make_spy(served)
    about = invoke(served, peer, {})
    address = about["environment"]["AWS_LAMBDA_RUNTIME_API"].partition("/")[0]
    event = {"gateway": served.process.pid, "peer": about["pid"], "peer address": address}
    return {"peer": about, **invoke(served, spy, event)}


def make_spy(served: Served) -> str:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = served.client("iam").create_role(
        RoleName=unique("role"), AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )["Role"]["Arn"]
    return str(
        served.client("lambda").create_function(
            FunctionName=unique("spy"),
            Runtime="python3.11",
            Handler="app.handler",
            Role=role,
            Code={"ZipFile": package(SPY)},
        )["FunctionArn"]
    )


def invoke(served: Served, function: str, event: dict[str, Any]) -> dict[str, Any]:
    answer = served.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
    payload = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, payload
    return dict(payload)


def test_a_function_inherits_nothing_of_the_environment_that_yett_was_given(served: Served, found: Any) -> None:
    seen = json.dumps(found["environment"]) + found["initial"]
    for secret in (MASTER_KEY, CANARY, served.secret_access_key, served.access_key_id, str(served.home / "master")):
        assert secret not in seen
    assert not [name for name in found["environment"] if name.startswith("YETT_")]


@pytest.mark.parametrize(
    "what", ["parent environment", "parent memory", "parent descriptors", "parent links", "peer environment"]
)
def test_a_function_looks_into_no_other_process(found: Any, what: str) -> None:
    assert str(found[what]).startswith("PermissionError"), found[what]


def test_a_function_holds_no_descriptor_of_yett_s(served: Served, found: Any) -> None:
    assert found["descriptors"]["0"] == "/dev/null"
    inherited = {to for to in found["descriptors"].values() if to.startswith("socket:")}
    files = [to for to in found["descriptors"].values() if to.startswith(str(served.home)) and "/code/" not in to]
    assert files == []
    ours = set()
    for entry in os.scandir(f"/proc/{served.process.pid}/fd") if os.getuid() == 0 else ():
        with contextlib.suppress(FileNotFoundError):
            ours.add(os.readlink(entry.path))
    assert not inherited & ours


def test_a_function_is_in_a_group_and_session_of_its_own(found: Any) -> None:
    assert found["parent group"] not in found["group"]
    assert found["peer"]["group"][1] not in found["group"]


def test_another_function_s_runtime_api_gives_nothing_away(found: Any) -> None:
    assert found["stolen"] == [403, 403, 403]


def test_the_home_is_closed_to_other_users(served: Served) -> None:
    assert served.home.stat().st_mode & 0o077 == 0
    for name in ("credentials", "master.key", "yett.db"):
        path = Path(served.home, name)
        if path.exists() and name != "yett.db":
            assert path.stat().st_mode & 0o077 == 0
    assert not [path for path in served.home.rglob("*") if MASTER_KEY.encode() in read(path)]


def read(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() and os.access(path, os.R_OK) else b""
