"""Inputs that are small to send and large to understand: depth, repetition, compression. None is a mistake of ours."""

import io
import json
import time
import zipfile
from typing import Any

import pytest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from tests.sdk.making import make_function, package, unique
from tests.sdk.running import RunningServer

DEEP = "[" * 200_000
MERGES = "m0: &m0 {x: 1}\n" + "".join(f"m{n}: &m{n} {{<<: [{', '.join([f'*m{n - 1}'] * 8)}]}}\n" for n in range(1, 16))
LAUGHS = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
ROLE = "arn:aws:iam::123456789012:role/none"


def refused(call: Any, **params: Any) -> int:
    """The status of the refusal that must come, within a time that no honest check needs."""
    began = time.monotonic()
    with pytest.raises(ClientError) as error:
        call(**params)
    assert time.monotonic() - began < 30
    return int(error.value.response["ResponseMetadata"]["HTTPStatusCode"])


@pytest.mark.parametrize(
    "body", [DEEP, "{" + '"a":{' * 100_000, MERGES, LAUGHS, "a: &a [*a]", "&a {<<: *a}", "- " * 90_000]
)
def test_a_body_that_unfolds_without_end_is_no_api(running: RunningServer, body: str) -> None:
    assert refused(running.client("apigateway").import_rest_api, body=body.encode()) == 400


@pytest.mark.parametrize(
    "document",
    [
        DEEP,
        '{"Version":"2012-10-17","Statement":' + "[" * 50_000,
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":'
        + '{"Null":' * 20_000,
        json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*" * 50_000, "Resource": "*"}]}
        ),
    ],
)
def test_a_policy_beyond_measure_is_malformed(running: RunningServer, document: str) -> None:
    iam = running.client("iam")
    name = unique("user")
    iam.create_user(UserName=name)
    put = refused(iam.put_user_policy, UserName=name, PolicyName="p", PolicyDocument=document[:131_072])
    assert put in {400, 409}
    trust = refused(iam.create_role, RoleName=unique("role"), AssumeRolePolicyDocument=document[:131_072])
    assert trust in {400, 409}


def test_patterns_that_backtrack_elsewhere_are_matched_in_step(running: RunningServer) -> None:
    """`*a*a*a…` against a long resource costs no more than pattern times text."""
    iam = running.client("iam")
    name = unique("user")
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    pattern = "arn:aws:iam::*:user/" + "*a" * 400 + "b"
    statement = {"Effect": "Allow", "Action": "iam:GetUser", "Resource": pattern}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
    eve = running.client("iam", Credentials(key["AccessKeyId"], key["SecretAccessKey"]))
    assert refused(eve.get_user, UserName="a" * 64) == 403


def bomb(*entries: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(bomb(("app.py", b"x"), ("zeros", b"\0" * 270 * 1024 * 1024)), id="a bomb"),
        pytest.param(bomb(("../../escaped.py", b"x")), id="a way out"),
        pytest.param(bomb(("/etc/cron.d/escaped", b"x")), id="an absolute name"),
        pytest.param(bomb(("a\\..\\..\\escaped.py", b"x")), id="another way out"),
        pytest.param(b"PK\x03\x04 no zip at all", id="no zip"),
    ],
)
def test_code_that_would_fill_or_leave_its_directory_is_refused(running: RunningServer, content: bytes) -> None:
    functions = running.client("lambda")
    function = make_function(running, "def handler(event, context): return 1")
    assert refused(functions.update_function_code, FunctionName=function, ZipFile=content) == 400
    assert json.loads(functions.invoke(FunctionName=function)["Payload"].read()) == 1
    assert not list(running.settings.home.rglob("*escaped*"))


def test_a_link_in_a_package_is_a_plain_file(running: RunningServer) -> None:
    buffer = io.BytesIO(package("def handler(event, context): return open('link').read()"))
    with zipfile.ZipFile(buffer, "a") as archive:
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    functions = running.client("lambda")
    function = make_function(running, "")
    functions.update_function_code(FunctionName=function, ZipFile=buffer.getvalue())
    assert json.loads(functions.invoke(FunctionName=function)["Payload"].read()) == "/etc/passwd"


@pytest.mark.parametrize("payload", [DEEP.encode(), b'{"a":' * 100_000, b"\xff\xfe", b'"\\ud800"', b"1e999999", b"nul"])
def test_an_event_that_is_no_json_invokes_nothing(running: RunningServer, payload: bytes) -> None:
    function = make_function(running, "def handler(event, context): return 1")
    client = running.client("lambda")
    try:
        answer = client.invoke(FunctionName=function, Payload=payload)
    except ClientError as refusal:
        status = refusal.response["ResponseMetadata"]["HTTPStatusCode"]
    else:  # the runtime's client reads more than JSON has, and says so itself where it does not
        status = 200 if "FunctionError" in answer or json.loads(answer["Payload"].read()) == 1 else 0
    assert status in {200, 400, 413}


@pytest.mark.parametrize(
    "value", [DEEP, '{"UserPoolId":' + '{"a":' * 50_000, "\x00", '{"ClientId": 1}', "[]", "null", '"x"']
)
def test_whatever_is_posted_to_a_user_pool_is_answered(running: RunningServer, value: str) -> None:
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth",
        "Host": f"localhost:{running.server.port}",
    }
    answer = running.call("x", "/", method="POST", headers=headers, body=value.encode())
    assert answer.status == 400


@pytest.mark.parametrize(
    "token", ["a" * 9000, "a.b.c", ".".join(["e30"] * 3), "Bearer " * 500, "eyJhIjp" + "b" * 9000 + ".e30.x"]
)
def test_whatever_stands_for_a_token_is_refused(running: RunningServer, token: str) -> None:
    cognito = running.client("cognito-idp")
    assert refused(cognito.get_user, AccessToken=token) == 400
