from datetime import UTC, datetime

import pytest
from tests.policy.support import ACCOUNT, ROLE, SESSION, USER

from yett.policy import Grant, Principal, PrincipalKind, RequestContext, principal_context
from yett.values.arn import NotAnArn
from yett.values.identity import IamIdentity, PrincipalType

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def test_further_values_come_beside_those_there_are_and_nothing_is_computed_for_them() -> None:
    def explode() -> str:
        raise AssertionError("asked")

    context = RequestContext.of({"A": "1", "b": explode})
    further = context.with_values({"a": "2", "C": ["3", "4"]})
    assert (further["A"], further["c"], context["a"], context.find("c")) == (("2",), ("3", "4"), ("1",), None)


def test_values_become_text() -> None:
    context = RequestContext.of(
        {"S": "x", "B": True, "F": False, "I": 5, "D": NOON, "Y": b"base64", "L": ["a", 1], "N": None, "E": []}
    )
    assert dict(context) == {
        "s": ("x",),
        "b": ("true",),
        "f": ("false",),
        "i": ("5",),
        "d": ("2026-01-02T12:00:00Z",),
        "y": ("YmFzZTY0",),
        "l": ("a", "1"),
    }
    assert len(context) == 7
    assert context["S"] == ("x",)
    assert "NOON" not in repr(context)
    with pytest.raises(KeyError):
        context["N"]


def test_a_lazy_value_is_computed_once() -> None:
    calls: list[int] = []

    def value() -> str | None:
        calls.append(1)
        return "v"

    context = RequestContext.of({"k": value, "gone": lambda: None})
    assert context.find("k") == context.find("k") == ("v",)
    assert context.find("gone") is None
    assert len(calls) == 1


def test_a_role_session_brings_its_keys() -> None:
    identity = IamIdentity(
        account=ACCOUNT,
        arn=SESSION,
        user_id="AROAABCDEFGHIJKLMNOPQ:one",
        principal_type=PrincipalType.ASSUMED_ROLE,
        access_key_id="ASIA",
        principal_arn=ROLE,
        organization_id="o-1",
        organization_paths=("o-1/r-1/",),
        tags={"Team": "x"},
        token_issued_at=NOON,
        mfa_authenticated_at=NOON,
        source_identity="me",
        federated_provider="accounts.google.com",
        federation_keys={"accounts.google.com:Sub": "1"},
    )
    keys = principal_context(identity)
    assert keys["aws:principalarn"] == ROLE
    assert keys["aws:principaltag/team"] == "x"
    assert keys["aws:tokenissuetime"] == NOON
    assert keys["aws:multifactorauthpresent"] == "true"
    assert keys["accounts.google.com:sub"] == "1"
    assert keys["aws:principalorgpaths"] == ("o-1/r-1/",)
    assert "aws:username" not in keys
    principal = Principal.iam(identity)
    assert principal.kind is PrincipalKind.ROLE_SESSION
    assert principal.names == {
        "*": Grant.DIRECT,
        SESSION: Grant.DIRECT,
        ROLE: Grant.ISSUER,
        "AROAABCDEFGHIJKLMNOPQ": Grant.ISSUER,
        f"account:{ACCOUNT}": Grant.ACCOUNT,
    }


def test_a_user_brings_its_name_and_no_key_of_sessions() -> None:
    identity = IamIdentity(
        account=ACCOUNT,
        arn=USER,
        user_id="AIDAABCDEFGHIJKLMNOPQ",
        principal_type=PrincipalType.USER,
        access_key_id="AKIA",
        principal_arn=USER,
        user_name="bob",
    )
    keys = principal_context(identity)
    assert keys["aws:username"] == "bob"
    assert not {"aws:tokenissuetime", "aws:multifactorauthpresent", "aws:principalorgid"} & keys.keys()
    assert Principal.iam(identity).names["AIDAABCDEFGHIJKLMNOPQ"] is Grant.DIRECT


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:iam::{ACCOUNT}:group/x",
        "bob",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/x",
        f"arn:aws:iam::{ACCOUNT}:user/",
        f"arn:aws:iam::{ACCOUNT}:role/",
        f"arn:aws:sts::{ACCOUNT}:federated-user/",
        "arn:aws:s3:::x",
    ],
)
def test_what_is_no_arn_of_a_principal_is_refused(arn: str) -> None:
    with pytest.raises(NotAnArn):
        Principal.from_arn(arn)


def test_an_account_given_beside_the_arn_counts() -> None:
    assert Principal.from_arn(USER, account="999999999999").account == "999999999999"
    assert Principal.federated("accounts.google.com").kind is PrincipalKind.FEDERATED
