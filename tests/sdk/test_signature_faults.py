"""Badly signed requests at three doors, over real HTTP: a gateway's route, a query service, a JSON service."""

import http.client
import json
import re
import socket
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from msgspec import Struct, structs
from tests.sdk.making import Api, mock
from tests.sdk.running import RunningServer
from tests.sigv4.support import read_cases

CASES = read_cases("doors")["cases"]
REGION = "us-east-1"
BASIC = "%Y%m%dT%H%M%SZ"

Answer = tuple[int, str, str]  # status, code, message


class Door(Struct, frozen=True, kw_only=True):
    """Where a request is sent, and how it looks there when nothing is wrong."""

    service: str
    host: str
    path: str
    method: str
    headers: Mapping[str, str]
    body: bytes


def make_doors(running: RunningServer) -> dict[str, Door]:
    api = Api(running)
    api.method("/signed", mock(), verb="POST", authorizationType="AWS_IAM")
    api.deploy()
    port = running.server.port
    gateway = Door(
        service="execute-api",
        host=f"{api.id}.execute-api.localhost:{port}",
        path="/prod/signed",
        method="POST",
        headers={},
        body=b"{}",
    )
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    query = structs.replace(
        gateway,
        service="sts",
        host=f"localhost:{port}",
        path="/",
        headers=form,
        body=b"Action=GetCallerIdentity&Version=2011-06-15",
    )
    return {
        "gateway": gateway,
        "query": query,
        "iam": structs.replace(query, service="iam", body=b"Action=GetUser&Version=2010-05-08"),
        "json": structs.replace(
            query,
            service="cognito-idp",
            headers={
                "Content-Type": "application/x-amz-json-1.1",
                "X-Amz-Target": "AWSCognitoIdentityProviderService.ListUserPools",
            },
            body=b'{"MaxResults": 1}',
        ),
    }


@pytest.fixture(scope="module")
def doors(running: RunningServer) -> dict[str, Door]:
    return make_doors(running)


def spoil(case: Mapping[str, Any], door: Door, running: RunningServer) -> tuple[str, dict[str, str], dict[str, str]]:
    """The target, the headers, and what the texts of the case stand for."""
    now = datetime.now(UTC)
    given = case.get("date", 0)
    date = (now + timedelta(seconds=given)).strftime(BASIC) if isinstance(given, int) else given
    request = AWSRequest(door.method, f"http://{door.host}{door.path}", data=door.body, headers=dict(door.headers))
    SigV4Auth(running.root, door.service, REGION).add_auth(request)
    texts = {
        "key": running.root.access_key,
        "region": REGION,
        "service": door.service,
        "date": date or "",
        "day": (date or "")[:8],
    }
    headers = {"Host": door.host, **dict(request.headers.items()), **case.get("headers", {})}
    if "evidence" in case:
        evidence = case["evidence"]
        headers["Authorization"] = "" if evidence is None else evidence.format_map(texts)
        if evidence is None:
            del headers["Authorization"]
    if "date" in case or "evidence" in case:
        headers["X-Amz-Date"] = date or ""
        if date is None:
            del headers["X-Amz-Date"]
    digest = b64encode(sha256(headers.get("Authorization", "").encode()).digest()).decode()
    canonical = f"{door.method}\n{door.path}\n\nhost:{door.host}\nx-amz-date:{date}\n\nhost;x-amz-date\n"
    canonical += sha256(door.body).hexdigest()
    texts |= {"digest": digest, "canonical": canonical, "canonical_hash": sha256(canonical.encode()).hexdigest()}
    target = f"{door.path}?{case['query_added']}" if "query_added" in case else door.path
    return target, headers, texts


def ask(door: Door, target: str, headers: Mapping[str, str], port: int) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(door.method, target, body=door.body, headers=dict(headers))
        answer = connection.getresponse()
        body = answer.read()
        if answer.getheader("content-type", "").startswith("text/xml"):
            error = ElementTree.fromstring(body).find(".//{*}Error")
            assert error is not None
            return answer.status, error.findtext("{*}Code") or "", error.findtext("{*}Message") or ""
        document = json.loads(body)
        code = (answer.getheader("x-amzn-errortype") or document.get("__type", "")).split(":")[0]
        return answer.status, code, document.get("message", "")
    finally:
        connection.close()


ROWS = [
    pytest.param(case, name, id=f"{case['name']}-{name}")
    for case in CASES
    for name in ("gateway", "query", "iam", "json")
    if ("query" if name == "iam" else name) in case
]


@pytest.mark.parametrize(("case", "name"), ROWS)
def test_each_door_words_the_fault_as_aws_does(
    case: Mapping[str, Any], name: str, doors: Mapping[str, Door], running: RunningServer
) -> None:
    door = doors[name]
    target, headers, texts = spoil(case, door, running)
    status, code, message = ask(door, target, headers, running.server.port)
    expected_status, expected_code, expected = case["query" if name == "iam" else name]
    expected = expected.format_map(texts)
    if "T is now" in expected or "T is still" in expected:
        message = re.sub(r"\d{8}T\d{6}Z", "T", message)
    assert (status, code, message) == (expected_status, expected_code, expected)


@pytest.mark.parametrize("name", ["gateway", "query", "iam", "json"])
def test_a_request_that_nobody_spoilt_is_answered(name: str, doors: Mapping[str, Door], running: RunningServer) -> None:
    target, headers, _ = spoil({}, doors[name], running)
    assert ask_status(doors[name], target, headers, running.server.port) == 200


def ask_status(door: Door, target: str, headers: Mapping[str, str], port: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(door.method, target, body=door.body, headers=dict(headers))
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


@pytest.mark.parametrize("path", ["/prod/../../x", "/prod/../../../prod/signed", "/prod/signed/%zz"])
def test_a_path_that_no_signature_can_cover_is_a_plain_400(
    path: str, doors: Mapping[str, Door], running: RunningServer
) -> None:
    """Spec 02, section 4, no. 1: whatever the method, without a document."""
    door = structs.replace(doors["gateway"], path=path)
    _, headers, _ = spoil({}, door, running)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if name.lower() != "content-length")
    head = f"POST {path} HTTP/1.1\r\n{lines}Content-Length: {len(door.body)}\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", running.server.port), timeout=60) as connection:
        connection.sendall(head.encode() + door.body)
        with connection.makefile("rb") as answer:
            status_line, *answered = answer.read().decode().split("\r\n")
    assert status_line.startswith("HTTP/1.1 400 ")
    names = {line.partition(":")[0].lower() for line in answered if line}
    assert "x-amzn-requestid" in names
    assert not names & {"x-amzn-errortype", "content-type"}
    assert answered[-1] == ""
    assert "content-length: 0" in {line.lower() for line in answered}


def test_a_strict_server_refuses_a_header_that_the_signature_does_not_cover(
    tmp_path: Path,
) -> None:
    with RunningServer(tmp_path, strict_signed_headers=True) as running:
        for name, door in make_doors(running).items():
            target, headers, _ = spoil({}, door, running)
            assert ask_status(door, target, headers, running.server.port) == 200
            status, code, message = ask(door, target, {**headers, "X-Amz-Meta": "x"}, running.server.port)
            assert status == (400 if name == "json" else 403)
            assert code in {"InvalidSignatureException", "SignatureDoesNotMatch"}
            assert message == "'x-amz-meta' must be a 'SignedHeader' in the AWS Authorization."
