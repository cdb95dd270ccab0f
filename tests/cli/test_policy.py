import io
import json
import os
import threading
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from yett.cli.policy import answer_lines, policy

ACCOUNT = "123456789012"
USER = f"arn:aws:iam::{ACCOUNT}:user/bob"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app/worker"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/one"
METHOD = f"arn:aws:execute-api:us-east-1:{ACCOUNT}:abc/prod/GET/pets"


def document(**members: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*", **members}
    return {"Version": "2012-10-17", "Statement": [statement]}


def line(policies: dict[str, Any], **request: Any) -> dict[str, Any]:
    asked = {
        "action": "execute-api:Invoke",
        "resource": METHOD,
        "principal": USER,
        "principal_account": ACCOUNT,
        "resource_account": ACCOUNT,
        "context": {},
        **request,
    }
    return {"id": "n", "policies": policies, "request": asked}


def run(*arguments: str, lines: list[Any]) -> list[dict[str, Any]]:
    text = "".join((item if isinstance(item, str) else json.dumps(item)) + "\n" for item in lines)
    result = CliRunner().invoke(policy, arguments, input=text)
    assert result.exit_code == 0, result.output
    return [json.loads(answer) for answer in result.output.splitlines()]


def test_decisions_name_what_made_them() -> None:
    allowed, denied, silent = run(
        "evaluate",
        "-",
        lines=[
            line({"identity": [document(Sid="ok")]}),
            line({"identity": [document(), json.dumps(document(Effect="Deny"))]}),
            line({}),
        ],
    )
    assert allowed["id"] == "n"
    assert allowed["decision"] == "allow"
    assert allowed["because"][0] | {"reason": ""} == {
        "type": "identity",
        "policy": "identity/0",
        "statement": 0,
        "sid": "ok",
        "path": "/Statement/0",
        "reason": "",
    }
    assert denied["decision"] == "explicit_deny"
    assert denied["because"][0]["policy"] == "identity/1"
    assert silent["decision"] == "implicit_deny"
    assert silent["because"] == [
        {"type": "identity", "reason": "because no identity-based policy allows the execute-api:Invoke action"}
    ]


def test_a_bad_line_is_answered_and_the_run_goes_on() -> None:
    bad = document(Effect="allow")
    answers = run(
        "evaluate",
        "-",
        lines=[
            "not json",
            "",
            '{"id": 2}',
            line({"scp": [[document()], [bad]]}),
            line({}, principal="nobody in particular"),
            line({"resource": ["{"]}),
            "[" * 100_000,
            line({"identity": [document()]}),
        ],
    )
    assert [answer.get("error", {}).get("code") for answer in answers] == [
        "InvalidLine",
        "InvalidLine",
        "MalformedPolicyDocument",
        "InvalidPrincipal",
        "MalformedPolicyDocument",
        "InvalidLine",
        None,
    ]
    assert [answer["id"] for answer in answers] == [None, 2, "n", "n", "n", None, "n"]
    assert answers[2]["error"]["path"] == "/policies/scp/1/0/Statement/0/Effect"
    assert answers[3]["error"]["path"] == "/request/principal"


@pytest.mark.parametrize(
    ("principal", "context", "expect"),
    [
        (SESSION, {"aws:PrincipalArn": [ROLE]}, "allow"),
        (ROLE, {}, "allow"),
        (SESSION, {}, "implicit_deny"),
        (SESSION, {"aws:PrincipalArn": [ROLE + "2"]}, "implicit_deny"),
        (USER, {}, "implicit_deny"),
        ("anonymous", {}, "implicit_deny"),
        ("apigateway.amazonaws.com", {}, "implicit_deny"),
        (f"arn:aws:iam::{ACCOUNT}:oidc-provider/x.org", {}, "implicit_deny"),
        (f"arn:aws:iam::{ACCOUNT}:root", {}, "allow"),
    ],
)
def test_the_principal_is_who_the_line_says(principal: str, context: dict[str, Any], expect: str) -> None:
    resource = document(Principal={"AWS": ROLE}, Resource="execute-api:/*")
    (answer,) = run("evaluate", "-", lines=[line({"resource": [resource]}, principal=principal, context=context)])
    assert answer["decision"] == expect


def test_accounts_are_those_of_the_line_or_of_the_arns() -> None:
    resource = document(Principal="*")
    asked = [line({"resource": [resource]}, principal_account=None, resource_account=None)]
    asked += [line({"resource": [resource]}, resource_account="999999999999")]
    asked += [
        line({"identity": [document(Resource="arn:aws:s3:::x")]}, resource="arn:aws:s3:::x", resource_account=None)
    ]
    asked += [line({"identity": [document()]}, resource="*", resource_account=None)]
    assert [answer["decision"] for answer in run("evaluate", "-", lines=asked)] == [
        "allow",
        "implicit_deny",
        "allow",
        "allow",
    ]


def test_what_is_not_attached_does_not_narrow() -> None:
    everything = {"identity": [document()], "boundary": [], "session": None, "scp": [], "rcp": []}
    narrowed = {"identity": [document()], "rcp": [[document(Principal="*")], []]}
    anonymous = {"resource": [document(Principal="*")], "rcp": [[document(Principal="*", Effect="Deny")]]}
    answers = run("evaluate", "-", lines=[line(everything), line(narrowed), line(anonymous, principal="anonymous")])
    assert [answer["decision"] for answer in answers] == ["allow", "implicit_deny", "explicit_deny"]


def test_binary_values_are_base64() -> None:
    condition = {"BinaryEquals": {"key": "QmFzZTY0"}}
    (answer,) = run(
        "evaluate", "-", lines=[line({"identity": [document(Condition=condition)]}, context={"key": ["QmFzZTY0"]})]
    )
    assert answer["decision"] == "allow"


def test_a_trace_tells_of_every_statement() -> None:
    policies = {
        "identity": [document(Action="s3:*"), document()],
        "boundary": [document()],
        "scp": [[document()]],
        "resource": [document(Effect="Deny", NotPrincipal={"AWS": [USER, ACCOUNT]})],
    }
    (answer,) = run("evaluate", "-", "--trace", lines=[line(policies)])
    assert answer["decision"] == "explicit_deny"
    assert [(item["type"], item["policy"], item["matched"]) for item in answer["trace"]] == [
        ("scp", "scp/0/0", True),
        ("resource", "resource/0", True),
        ("identity", "identity/0", False),
        ("identity", "identity/1", True),
        ("boundary", "boundary/0", True),
    ]


def test_lint_answers_lines() -> None:
    good, bad, unknown = run(
        "lint",
        "-",
        "--json",
        lines=[
            {"id": 1, "policy": document()},
            {"id": 2, "policy": json.dumps(document(Effect="no")), "kind": "scp"},
            {"id": 3, "policy": document(), "kind": "poem"},
        ],
    )
    assert good == {"id": 1, "valid": True, "findings": []}
    assert bad["valid"] is False
    assert bad["findings"][0].keys() == {"severity", "code", "message", "path"}
    assert unknown["error"]["code"] == "InvalidLine"


def test_lint_reads_files_and_fails_when_one_is_invalid(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(document()))
    bad.write_text("{")
    runner = CliRunner()
    assert runner.invoke(policy, ["lint", str(good), "--json"]).exit_code == 0
    result = runner.invoke(policy, ["lint", str(good), str(bad)])
    assert result.exit_code == 1
    assert "error INVALID_JSON at `/`" in result.output
    assert runner.invoke(policy, ["lint", str(tmp_path / "none")]).exit_code == 1
    assert runner.invoke(policy, ["lint", "-", str(good)]).exit_code == 2
    told = runner.invoke(policy, ["lint", "-"], input="nonsense\n" + json.dumps({"policy": document()}) + "\n")
    assert told.exit_code == 0
    assert told.output.splitlines()[1] == "None: valid"


def test_each_line_is_answered_before_the_next_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    questions, ask = os.pipe()
    answers, answer = os.pipe()
    with os.fdopen(answers, "rb") as answered, os.fdopen(questions, "rb") as asked, os.fdopen(answer, "w") as out:
        monkeypatch.setattr(click, "echo", lambda text: (out.write(text + "\n"), out.flush()))
        worker = threading.Thread(target=answer_lines, args=(asked, lambda text: {"heard": text.decode().strip()}))
        worker.start()
        for word in (b"one", b"two"):
            os.write(ask, word + b"\n")
            assert json.loads(answered.readline()) == {"heard": word.decode()}
        os.close(ask)
        worker.join()


def test_an_overlong_line_is_answered_once(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("yett.cli.policy.LINE_BYTES", 8)
    answer_lines(io.BytesIO(b"x" * 20 + b"\nshort\n"), lambda text: {"length": len(text)})
    assert [json.loads(text)["length"] for text in capsys.readouterr().out.splitlines()] == [8, 6]


def test_a_fault_of_ours_does_not_end_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    def fail(text: bytes) -> dict[str, Any]:
        raise RuntimeError("broken")

    answer_lines(io.BytesIO(b'{"id": 1}\n[]\n'), fail)
    told = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert [(item["id"], item["error"]["code"]) for item in told] == [(1, "InternalError"), (None, "InternalError")]
