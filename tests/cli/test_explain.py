import json
import re
from functools import cache
from pathlib import Path

import pytest
from tests.cli.conftest import Shop
from tests.cli.processes import environment_of, paste, run

from yett.cli.explain import show

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


def test_without_a_server_it_says_how_to_start_one(tmp_path: Path) -> None:
    result = run("yett", "explain", "id", environment=environment_of(tmp_path / "home"), cwd=tmp_path)
    assert result.returncode == 1
    assert "start one with `yett up TEMPLATE` or `yett serve`" in result.stderr
