"""The users and roles in a policy's Principal elements: by ARN as it is written, by unique id as it is kept.

A kept policy goes on meaning the entity that it was written for: another of the same name, made later, is not meant.
NotPrincipal is kept as written: what it spares is known by ARN (policy/principal.py).

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from yett.values.identifiers import is_account_id

ENTITY_ARN: Final = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:(?:user|role)/.+")
UNIQUE_ID: Final = re.compile(r"A(?:IDA|ROA)[A-Z0-9]{12,124}")


def named_entities(policy: str) -> list[str]:
    """The ARNs of users and roles that are principals in the policy, which was parsed before; each once."""
    return list(dict.fromkeys(name for name in _names(policy) if ENTITY_ARN.fullmatch(name)))


def kept_ids(policy: str) -> list[str]:
    """The unique ids that are principals in the policy; each once."""
    return list(dict.fromkeys(name for name in _names(policy) if UNIQUE_ID.fullmatch(name)))


def named_accounts(policy: str) -> dict[str, str]:
    """The accounts that are principals by their bare number, with the ARN that they are kept and shown by.

    OBSERVED: a number that was saved is read back so (https://github.com/aws/aws-cdk/issues/9334).
    """
    return {name: f"arn:aws:iam::{name}:root" for name in _names(policy) if is_account_id(name)}


def replace_principals(policy: str, names: Mapping[str, str]) -> str:
    """The policy with these principals under their other names; as it is, if it has none of them."""
    if not names:
        return policy
    document = json.loads(policy)
    for principal in _elements(document):
        principal["AWS"] = _map(principal["AWS"], lambda name: names.get(name, name))
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _names(policy: str) -> Iterator[str]:
    for principal in _elements(json.loads(policy)):
        value = principal["AWS"]
        yield from (each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str))


def _elements(document: Any) -> Iterator[dict[str, Any]]:
    """The Principal elements of the statements that name AWS principals."""
    statements = document.get("Statement", []) if isinstance(document, dict) else []
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal") if isinstance(statement, dict) else None
        if isinstance(principal, dict) and "AWS" in principal:
            yield principal


def _map(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, list):
        return [change(each) if isinstance(each, str) else each for each in value]
    return change(value) if isinstance(value, str) else value
