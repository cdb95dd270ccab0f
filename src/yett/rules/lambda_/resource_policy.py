"""A function's resource-based policy: what AddPermission writes into it.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html; spec 08, no. 37
"""

import re
from collections.abc import Iterable
from typing import Final

import msgspec

from yett.values.identifiers import is_account_id

INVOKE: Final = "lambda:InvokeFunction"
_SERVICE: Final = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.amazonaws\.com(?:\.cn)?")


def render_statement(
    *,
    sid: str,
    principal: str,
    action: str,
    resource: str,
    source_arn: str | None,
    source_account: str | None,
    organization_id: str | None,
) -> str:
    """One statement as JSON: members in AWS's order, condition keys as Lambda spells them.

    A service principal becomes ``Service``, an account the ARN of its root; ``*`` is bare, anything else stays.
    """
    statement: dict[str, object] = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": render_principal(principal),
        "Action": action,
        "Resource": resource,
    }
    condition: dict[str, dict[str, str]] = {}
    equals = {
        key: value
        for key, value in (("AWS:SourceAccount", source_account), ("aws:PrincipalOrgID", organization_id))
        if value is not None
    }
    if equals:
        condition["StringEquals"] = equals
    if source_arn is not None:
        condition["ArnLike"] = {"AWS:SourceArn": source_arn}
    if condition:
        statement["Condition"] = condition
    return msgspec.json.encode(statement).decode()


def render_principal(principal: str) -> str | dict[str, str]:
    """The Principal element that stands for AddPermission's ``Principal``."""
    if principal == "*":
        return "*"
    if is_account_id(principal):
        return {"AWS": f"arn:aws:iam::{principal}:root"}
    if _SERVICE.fullmatch(principal):
        return {"Service": principal}
    return {"AWS": principal}


def read_principal(statement: str) -> tuple[str, ...]:
    """Whom a rendered statement lets in, as AddPermission may have been told: an account by its number too."""
    principal = msgspec.json.decode(statement)["Principal"]
    name = principal if isinstance(principal, str) else next(iter(principal.values()))
    account = name.removeprefix("arn:aws:iam::").removesuffix(":root")
    return (name, account) if is_account_id(account) else (name,)


def render_policy(statements: Iterable[str]) -> str:
    """The whole policy, of statements in JSON."""
    return f'{{"Version":"2012-10-17","Id":"default","Statement":[{",".join(statements)}]}}'
