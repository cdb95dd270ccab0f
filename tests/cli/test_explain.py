import pytest

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
