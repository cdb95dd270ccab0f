import http.client
import io
import json
import logging
import re
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import click
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.cli.conftest import Shop
from tests.cli.processes import environment_of, paste, run

from yett.cli.explain import newest_refused, show

REASON = "no identity-based policy allows the action, " + "which is a long story, " * 8 + "and here it ends"
TRACE = {
    "requestId": "6f1c",
    "at": "2026-01-02T03:04:05+00:00",
    "api": "abc123",
    "stage": "prod",
    "method": "GET",
    "path": "/stock/[vault]",
    "sourceIp": "127.0.0.1",
    "outcome": "explicit_deny",
    "status": 403,
    "errorType": "AccessDeniedException",
    "steps": [
        {"step": "route", "result": "passed", "detail": "GET /stock/{petId}", "ms": 0.1},
        {"step": "authorize", "result": "refused", "detail": REASON, "ms": 0.2},
    ],
    "decidedBy": {"policy": "show-stock", "type": "identity", "statement": "/Statement/1", "sid": "NotTheVault"},
    "policies": [
        {"effect": "Deny", "policy": "show-stock", "path": "/Statement/1", "sid": "NotTheVault", "matched": True},
        {
            "effect": "Allow",
            "policy": "office",
            "path": "/Statement/0",
            "sid": None,
            "matched": False,
            "failed": {
                "element": "Condition",
                "key": "aws:SourceIp",
                "operator": "IpAddress",
                "expected": ["10.0.0.0/8"],
                "actual": None,
            },
        },
    ],
}


def test_a_pipe_gets_every_line_whole(capsys: pytest.CaptureFixture[str]) -> None:
    show(TRACE)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "GET /stock/[vault]  explicit_deny  403 AccessDeniedException"
    assert any(REASON in line for line in lines)


def test_the_statement_that_decided_and_why_others_did_not_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    show(TRACE)
    shown = capsys.readouterr().out
    assert "decided by show-stock/Statement/1 (NotTheVault)" in shown
    assert "matches Deny show-stock/Statement/1 (NotTheVault)" in shown
    assert "no match Allow office/Statement/0: aws:SourceIp IpAddress wants 10.0.0.0/8; the call has nothing" in shown


# -- as a command, against a server


@cache
def make_key(shop: Shop, user: str) -> dict[str, str]:
    """The environment of a user of the template."""
    query = "AccessKey.[AccessKeyId,SecretAccessKey]"
    line = f'eval "$(yett env)" && aws iam create-access-key --user-name {user} --query "{query}" --output text'
    pasted = paste(line, environment=shop.environment, cwd=shop.directory)
    assert pasted.returncode == 0, pasted.stderr
    access_key_id, secret_access_key = pasted.stdout.split()
    return {"AWS_ACCESS_KEY_ID": access_key_id, "AWS_SECRET_ACCESS_KEY": secret_access_key}


CALLS = (
    # who, path, outcome, status, what the text says of it
    ("clerk", "/signed", "allow", 200, "decided by sign/Statement/0 (Calls)"),
    ("thief", "/signed", "explicit_deny", 403, "decided by keep-out/Statement/0 (Never)"),
    ("trainee", "/signed", "implicit_deny", 403, "✗ authorize"),
    ("nobody", "/nowhere", "unauthenticated", 403, "the API has no method GET for this path"),
    ("stranger", "/signed", "unauthenticated", 403, "✗ authenticate"),
    ("clerk", "/nowhere", "error", 404, "the API has no method GET for this path"),
)


@pytest.mark.parametrize(("who", "path", "outcome", "status", "said"), CALLS, ids=[f"{c[0]}-{c[1]}" for c in CALLS])
def test_a_call_is_explained_as_text_and_as_json(
    shop: Shop, who: str, path: str, outcome: str, status: int, said: str
) -> None:
    unknown = {"AWS_ACCESS_KEY_ID": "AKIAUNKNOWN", "AWS_SECRET_ACCESS_KEY": "none"}
    keys = unknown if who in {"stranger", "nobody"} else make_key(shop, who)
    program = "curl -s" if who == "nobody" else "yett curl"
    called = paste(f"{program} -i {shop.url}{path}", environment=shop.environment | keys, cwd=shop.directory)
    found = re.search(r"x-amzn-RequestId: (\S+)", called.stdout)
    assert found is not None, called.stderr
    text = run("yett", "explain", found[1], environment=shop.environment, cwd=shop.directory)
    assert text.returncode == 0, text.stderr
    assert text.stdout.startswith(f"GET {path}  {outcome}  {status}")
    assert said in text.stdout
    result = run("yett", "explain", "--json", found[1], environment=shop.environment, cwd=shop.directory)
    trace = json.loads(result.stdout)
    assert (trace["requestId"], trace["outcome"], trace["status"]) == (found[1], outcome, status)
    for secret in keys.values():
        if secret != keys["AWS_ACCESS_KEY_ID"]:
            assert secret not in text.stdout + result.stdout


def test_a_call_that_nobody_knows_is_said_in_clear_words(shop: Shop) -> None:
    result = run("yett", "explain", "no-such-id", environment=shop.environment, cwd=shop.directory)
    assert result.returncode == 1
    assert "no decision `no-such-id` is kept" in result.stderr


def test_the_id_is_found_in_a_pasted_answer_and_the_newest_refusal_without_one(shop: Shop) -> None:
    line = f"curl -si {shop.url}/nowhere | yett explain -"
    piped = paste(line, environment=shop.environment, cwd=shop.directory)
    assert piped.stdout.startswith("GET /nowhere  unauthenticated  403"), piped.stderr
    last = run("yett", "explain", "--last", environment=shop.environment, cwd=shop.directory)
    assert last.stdout.startswith("GET "), last.stderr
    assert "  allow  " not in last.stdout.splitlines()[0]
    neither = run("yett", "explain", environment=shop.environment, cwd=shop.directory)
    assert (neither.returncode, "--last" in neither.stderr) == (2, True)
    nothing = run("yett", "explain", "-", environment=shop.environment, cwd=shop.directory, text="no id")
    assert (nothing.returncode, "no request id stands there" in nothing.stderr) == (1, True)


def test_the_newest_refusal_is_the_last_that_was_not_allowed() -> None:
    decisions = [{"requestId": name, "outcome": name} for name in ("allow", "error", "explicit_deny", "allow")]
    assert newest_refused(decisions) == "explicit_deny"
    with pytest.raises(click.ClickException, match="none of the newest calls was refused"):
        newest_refused(decisions[:1])


def test_without_a_server_it_says_how_to_start_one(tmp_path: Path) -> None:
    result = run("yett", "explain", "id", environment=environment_of(tmp_path / "home"), cwd=tmp_path)
    assert result.returncode == 1
    assert "start one with `yett up TEMPLATE` or `yett serve`" in result.stderr


# -- a client's own canonical request


def send_botched(shop: Shop, secret_access_key: str, *, on_the_way: dict[str, str]) -> tuple[str, str]:
    """Call with a signature of botocore's, some headers changed afterwards: the request id, and botocore's log."""
    keys = make_key(shop, "clerk")
    credentials = Credentials(keys["AWS_ACCESS_KEY_ID"], secret_access_key)
    stream = io.StringIO()
    handler, logger = logging.StreamHandler(stream), logging.getLogger("botocore.auth")
    url = urlsplit(f"{shop.url}/signed")
    headers = {"X-Word": "as the client wrote it", "X-Private": "not-to-be-told"}
    request = AWSRequest("GET", url.geturl(), params={"page": "2"}, headers=headers)
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        SigV4Auth(credentials, "execute-api", "us-east-1").add_auth(request)
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
    connection = http.client.HTTPConnection("127.0.0.1", url.port, timeout=60)
    try:
        sent = dict(request.headers.items()) | {"Host": url.netloc} | on_the_way
        connection.request("GET", f"{url.path}?page=2", headers=sent)
        answer = connection.getresponse()
        assert (answer.status, answer.headers["x-amzn-ErrorType"]) == (403, "InvalidSignatureException")
        return answer.headers["x-amzn-RequestId"], stream.getvalue()
    finally:
        connection.close()


def test_a_clients_canonical_request_is_held_against_what_came_in(shop: Shop) -> None:
    secret = make_key(shop, "clerk")["AWS_SECRET_ACCESS_KEY"]
    changed = {"X-Word": "as a hop wrote it", "X-Private": "changed-too"}
    request_id, logged = send_botched(shop, secret, on_the_way=changed)
    told = run("yett", "explain", request_id, environment=shop.environment, cwd=shop.directory)
    assert f"yett explain {request_id} --canonical-request FILE" in told.stdout
    (shop.directory / "signing.log").write_text(logged)
    words = ("yett", "explain", request_id, "--canonical-request", "signing.log")
    compared = run(*words, environment=shop.environment, cwd=shop.directory)
    assert compared.returncode == 0, compared.stderr
    assert "another canonical request was signed" in compared.stdout
    assert "header: `x-word` was signed with another value" in compared.stdout
    assert "header: `x-private` was signed with another value" in compared.stdout
    as_json = run(*words, "--json", environment=shop.environment, cwd=shop.directory)
    found = json.loads(as_json.stdout)
    assert (found["requestId"], found["same"]) == (request_id, False)
    assert [each["part"] for each in found["differences"]] == ["header", "header"]
    for output in (told.stdout, compared.stdout, as_json.stdout):
        assert "not-to-be-told" not in output
        assert "changed-too" not in output


def test_another_secret_is_told_from_another_request(shop: Shop) -> None:
    request_id, logged = send_botched(shop, "a-secret-of-another-key", on_the_way={})
    (shop.directory / "signing.log").write_text(logged)
    words = ("yett", "explain", request_id, "--canonical-request", "signing.log")
    compared = run(*words, environment=shop.environment, cwd=shop.directory)
    assert "the same canonical request was signed" in compared.stdout
    assert "/us-east-1/execute-api/aws4_request" in compared.stdout
    assert "secret access key is not the one" in compared.stdout


def test_what_is_no_canonical_request_is_refused_by_its_line(shop: Shop) -> None:
    request_id, _ = send_botched(shop, "another", on_the_way={})
    (shop.directory / "signing.log").write_text("GET\nprod\n")
    words = ("yett", "explain", request_id, "--canonical-request", "signing.log")
    refused = run(*words, environment=shop.environment, cwd=shop.directory)
    assert (refused.returncode, refused.stderr) == (1, "Error: line 2 must be the path, which begins with `/`\n")
    allowed = paste(
        f"yett curl -i {shop.url}/signed", environment=shop.environment | make_key(shop, "clerk"), cwd=shop.directory
    )
    fine = re.search(r"x-amzn-RequestId: (\S+)", allowed.stdout)
    assert fine is not None
    words = ("yett", "explain", fine[1], "--canonical-request", "signing.log")
    assert "nothing of this call was kept" in run(*words, environment=shop.environment, cwd=shop.directory).stderr
