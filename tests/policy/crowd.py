"""Policies and requests by the thousand, made from a seed so that every operator and every outcome is met."""

from random import Random
from typing import Any

from tests.policy.support import ACCOUNT, METHOD, ROLE, SESSION, USER

from yett.policy import AuthorizationRequest, Kind, NamedPolicy, Principal, RequestContext, parse_stored_policy
from yett.policy.condition.operators import OPERATORS

# Of each family: what policies say and requests have. About as many pairs match as do not.
STRINGS = ("a", "b", "A", "a*", "?", "", "*", "${k1}", "${k2, 'a'}", "${aws:username}")
NUMBERS = ("1", "2", "2.0", "-3", "1e1", "x")
DATES = ("2020", "2020-01-01", "2020-01-01T00:00:00Z", "2021-06-30T12:00:00+02:00", "1577836800", "x")
FAMILIES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "String": (STRINGS, ("a", "b", "A", "ab", "", "*", "c")),
    "Numeric": (NUMBERS, NUMBERS),
    "Date": (DATES, DATES),
    "Bool": (("true", "false", "TRUE", "maybe"), ("true", "false", "False")),
    "Binary": (("YQ==", "Yg==", ""), ("YQ==", "Yg==", "YWI=", "no")),
    "Ip": (
        ("10.0.0.0/8", "10.1.2.3/24", "10.1.2.3", "2001:db8::/32", "x"),
        ("10.1.2.3", "10.9.9.9", "2001:db8::1", "192.0.2.1"),
    ),
    "Arn": ((USER, ROLE, "arn:aws:iam::*:user/*", f"arn:aws:iam::{ACCOUNT}:${{k1}}/bob", "bob"), (USER, ROLE, SESSION)),
    "Null": (("true", "false"), ("a", "b")),
}  # fmt: skip
NAMES = tuple(
    prefix + name + suffix
    for name in OPERATORS
    for prefix in ("", "ForAllValues:", "ForAnyValue:")
    for suffix in ("", "IfExists")
    if name != "Null" or prefix == suffix == ""
)
RESOURCES = (
    "*", METHOD, "arn:aws:execute-api:*", f"arn:aws:execute-api:us-*-1:{ACCOUNT}:abc/*",
    "arn:aws:execute-api:*:*:abc/prod/GET/*", "arn:aws:execute-api:*:*:*/GET/pets/?",
    "arn:aws:execute-api:*:*:${k1}/*", "arn:aws:execute-api:*:*:xyz/*",
)  # fmt: skip
PRINCIPALS = ("*", {"AWS": USER}, {"AWS": [ROLE, ACCOUNT]}, {"AWS": [SESSION, ROLE, ACCOUNT]}, {"AWS": ACCOUNT})
CALLERS = (
    Principal.anonymous(),
    Principal.from_arn(USER),
    Principal.from_arn(SESSION, issuer=ROLE),
    Principal.from_arn(f"arn:aws:iam::{ACCOUNT}:root"),
)


def family_of(operator: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    plain = operator.rpartition(":")[2].removeprefix("Not")
    return next(pools for name, pools in FAMILIES.items() if plain.startswith(name))


def make_question(dice: Random) -> tuple[list[NamedPolicy], AuthorizationRequest]:
    """Policies of one kind, and a request whose keys are of the families that they ask about."""
    context: dict[str, list[str]] = {}
    with_principal = dice.random() < 0.3
    kind = Kind.RESOURCE if with_principal else Kind.IDENTITY
    denies = 0.2 if dice.random() < 0.6 else 0.8
    policies = []
    for number in range(dice.randrange(1, 3)):
        statements = [
            _statement(dice, context, denies=denies, with_principal=with_principal) for _ in range(dice.randrange(1, 4))
        ]
        version = "2008-10-17" if dice.random() < 0.15 else "2012-10-17"
        document = parse_stored_policy({"Version": version, "Statement": statements}, kind=kind)
        policies.append(NamedPolicy(f"p{number}", document))
    request = AuthorizationRequest(
        action=dice.choice(("execute-api:Invoke", "execute-api:Invoke", "execute-api:ManageConnections")),
        resource=METHOD,
        principal=dice.choice(CALLERS),
        resource_account=ACCOUNT,
        context=RequestContext.of(context),
    )
    return policies, request


def _statement(
    dice: Random, context: dict[str, list[str]], *, denies: float, with_principal: bool
) -> dict[str, object]:
    statement: dict[str, Any] = {
        "Effect": "Deny" if dice.random() < denies else "Allow",
        "NotAction" if dice.random() < 0.1 else "Action": dice.choice(("*", "execute-api:*", "execute-api:inv?ke")),
        "NotResource" if dice.random() < 0.1 else "Resource": dice.sample(RESOURCES, dice.randrange(1, 3)),
    }
    if with_principal:
        statement["NotPrincipal" if dice.random() < 0.2 else "Principal"] = dice.choice(PRINCIPALS)
    block: dict[str, dict[str, list[str]]] = {}
    for _ in range(dice.choice((0, 1, 1, 2))):
        operator = dice.choice(NAMES)
        expected, actual = family_of(operator)
        key = dice.choice(("k1", "K2", "aws:username", "aws:PrincipalTag/x"))
        block.setdefault(operator, {})[key] = dice.sample(expected, dice.randrange(1, min(3, len(expected)) + 1))
        if dice.random() < 0.75:
            context.setdefault(key.lower(), dice.choices(actual, k=1 if dice.random() < 0.8 else 2))
    if block:
        statement["Condition"] = block
    return statement
