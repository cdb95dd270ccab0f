"""Rows of data, and short ways to build policies and requests."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from yett.policy import (
    AuthorizationRequest,
    CompiledPolicies,
    Kind,
    NamedPolicy,
    PolicyDocument,
    Principal,
    RequestContext,
    compile_policies,
    parse_stored_policy,
)

CASES = Path(__file__).parent.parent / "cases" / "policy"
ACCOUNT = "123456789012"
USER = f"arn:aws:iam::{ACCOUNT}:user/bob"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app/worker"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/one"
METHOD = f"arn:aws:execute-api:us-east-1:{ACCOUNT}:abc/prod/GET/pets/7"
STATEMENT = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}


def read_cases(name: str) -> list[dict[str, Any]]:
    return json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))


def case_name(case: dict[str, Any]) -> str:
    return str(case["name"])


def policy(
    *statements: Mapping[str, object], kind: Kind = Kind.IDENTITY, version: str = "2012-10-17"
) -> PolicyDocument:
    return parse_stored_policy(
        {"Version": version, "Statement": [{**STATEMENT, **statement} for statement in statements]}, kind=kind
    )


def compiled(*documents: PolicyDocument) -> CompiledPolicies:
    return compile_policies(
        [NamedPolicy(f"p{number}", document) for number, document in enumerate(documents)], actions=None
    )


def principal(name: str, issuer: str | None = None) -> Principal:
    if name == "anonymous":
        return Principal.anonymous()
    kind, colon, rest = name.partition(":")
    if kind == "service" and colon:
        return Principal.service(rest)
    if kind == "federated" and colon:
        return Principal.federated(rest)
    return Principal.from_arn(name, issuer=issuer)


def request(
    *,
    caller: Principal | None = None,
    resource: str = METHOD,
    action: str = "execute-api:Invoke",
    context: Mapping[str, Any] | None = None,
) -> AuthorizationRequest:
    return AuthorizationRequest(
        action=action,
        resource=resource,
        principal=caller or Principal.from_arn(USER),
        resource_account=ACCOUNT,
        context=RequestContext.of(context or {}),
    )
