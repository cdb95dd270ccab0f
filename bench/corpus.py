"""Policies and routes of any size, of the kinds that people write: what growth is measured with."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from yett.policy import (
    AuthorizationRequest,
    Kind,
    NamedPolicy,
    Principal,
    RequestContext,
    parse_policy,
    principal_context,
)
from yett.values.identity import IamIdentity, PrincipalType

ACCOUNT: Final = "123456789012"
REGION: Final = "us-east-1"
STATEMENTS_A_POLICY: Final = 20
API: Final = f"arn:aws:execute-api:{REGION}:{ACCOUNT}"
USER_ARN: Final = f"arn:aws:iam::{ACCOUNT}:user/alice"
SOURCE_IP: Final = "203.0.113.7"
CALLER: Final = IamIdentity(
    account=ACCOUNT,
    arn=USER_ARN,
    user_id="AIDAEXAMPLEEXAMPLEEX",
    principal_type=PrincipalType.USER,
    access_key_id="AKIAEXAMPLEEXAMPLEEX",
    principal_arn=USER_ARN,
    user_name="alice",
    tags={"team": "shop"},
)


def make_policies(statements: int, *, crowded: bool = False) -> list[NamedPolicy]:
    """Policies of this many statements, no two alike: a quarter each plain, with conditions, with a variable, and with
    a wildcard that leads. Only plain ones match what ``ask`` asks about them.

    In a crowd those with conditions differ in nothing but patterns and networks there, so that each must be tried: the
    dearest that we could think of, and nothing that people write.
    """
    every = [_statement(number, crowded=crowded) for number in range(statements)]
    policies = []
    for start in range(0, statements, STATEMENTS_A_POLICY):
        text = json.dumps({"Version": "2012-10-17", "Statement": every[start : start + STATEMENTS_A_POLICY]})
        policies.append(NamedPolicy(f"policy-{start}", parse_policy(text, kind=Kind.IDENTITY)))
    return policies


def ask(number: int) -> AuthorizationRequest:
    """A question that the plain statement of this number allows, and nothing does where there is none."""
    context = {**principal_context(CALLER), "aws:SourceIp": SOURCE_IP, "aws:SecureTransport": "true"}
    return AuthorizationRequest(
        action="execute-api:Invoke",
        resource=f"{API}:api{number}/prod/GET/pets/7",
        principal=Principal.iam(CALLER),
        resource_account=ACCOUNT,
        context=RequestContext.of(context),
    )


def make_routes(count: int) -> Iterable[tuple[str, Mapping[str, str]]]:
    """Resources in turn with literal paths and with a variable."""
    for number in range(count):
        path = f"/service{number}/{{id}}/details" if number % 2 else f"/literal{number}/items"
        yield path, {"GET": path}


def _statement(number: int, *, crowded: bool) -> dict[str, Any]:
    statement: dict[str, Any] = {"Sid": f"S{number}", "Effect": "Allow", "Action": "execute-api:Invoke"}
    match number % 4:
        case 0:
            return statement | {"Resource": f"{API}:api{number}/prod/GET/pets/*"}
        case 1:
            here = {"IpAddress": {"aws:SourceIp": f"10.{number // 256 % 256}.{number % 256}.0/24"}}
            name = {"StringLike": f"team-{number}-*"} if crowded else {"StringEquals": f"team-{number}"}
            team = {operator: {"aws:PrincipalTag/team": value} for operator, value in name.items()}
            return statement | {"Resource": f"{API}:*/prod/*/pets/*", "Condition": {**here, **team}}
        case 2:
            return statement | {"Resource": f"{API}:api{number}/prod/*/${{aws:username}}/*"}
        case _:
            return statement | {"Action": "execute-api:*", "Resource": f"arn:aws:execute-api:*:*:*/GET/other{number}/*"}
