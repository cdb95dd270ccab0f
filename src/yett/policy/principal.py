"""Does a Principal or NotPrincipal element mean the caller, and how directly does it name them.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
"""

import re
from collections.abc import Iterable
from typing import Final

from yett.policy.document import Effect, PrincipalElement
from yett.policy.request import ANYONE, Grant, Principal, PrincipalKind

PRINCIPAL_TYPES: Final = ("AWS", "Federated", "Service", "CanonicalUser")

_ACCOUNT: Final = re.compile(r"(?:arn:aws[a-z-]*:iam::)?([0-9]{12})(?::root)?")
_NAMED: Final = re.compile(
    r"arn:aws[a-z-]*:(?:iam::[0-9]{12}:(?:user|role)/|sts::[0-9]{12}:(?:assumed-role/[^/*?]+/|federated-user/))[^*?]+"
)
_UNIQUE_ID: Final = re.compile(r"A(?:IDA|ROA)[A-Z0-9]{12,124}")
_IAM_KINDS: Final = frozenset(
    {PrincipalKind.ROOT, PrincipalKind.USER, PrincipalKind.ROLE_SESSION, PrincipalKind.FEDERATED_USER}
)


def is_principal(principal_type: str, value: str) -> bool:
    """Whether the value has a form that its type knows. Partial wildcards have none."""
    match principal_type:
        case "AWS":
            return (
                value == ANYONE
                or read_account(value) is not None
                or bool(_NAMED.fullmatch(value) or _UNIQUE_ID.fullmatch(value))
            )
        case "*":
            return value == ANYONE
        case "Service" | "Federated" | "CanonicalUser":
            return value != "" and "*" not in value and "?" not in value
        case _:
            return False


def read_account(value: str) -> str | None:
    """The account that an AWS principal stands for: twelve digits, or the ARN of its root; None for any other."""
    found = _ACCOUNT.fullmatch(value)
    if found is None or value.startswith("arn:") is not value.endswith(":root"):
        return None
    return found[1]


def read_names(element: PrincipalElement) -> frozenset[str]:
    """The names that the element lists, as `Principal.names` spells them."""
    return frozenset(_name(principal_type, value) for principal_type, value in element.entries)


def match_principal(names: frozenset[str], principal: Principal, *, negated: bool, effect: Effect) -> Grant | None:
    """How directly an element listing *names* means the caller; None when it does not.

    NotPrincipal with Deny spares only a caller all of whose names are listed: a session with its role and its account;
    and never one that has a permissions boundary. NotPrincipal with Allow means whoever has no name listed.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    """
    if not negated:
        return strongest(grant for name, grant in principal.names.items() if name in names)
    if effect is Effect.DENY and principal.has_boundary and principal.kind in _IAM_KINDS:
        return Grant.DIRECT
    if ANYONE in names:
        return None
    if effect is Effect.ALLOW:
        return None if any(name in names for name in principal.names) else Grant.DIRECT
    return None if _is_spared(names, principal) else Grant.DIRECT


def strongest(grants: Iterable[Grant]) -> Grant | None:
    """The most direct of the grants; None of none."""
    return max(grants, default=None)


def _is_spared(names: frozenset[str], principal: Principal) -> bool:
    """Whether every name of the caller is listed; a unique id, being the same entity as an ARN, need not be."""
    own = [name for name in principal.names if name != ANYONE and _UNIQUE_ID.fullmatch(name) is None]
    return bool(own) and all(name in names for name in own)


def _name(principal_type: str, value: str) -> str:
    match principal_type:
        case "AWS" | "*":
            account = read_account(value)
            return value if account is None else f"account:{account}"
        case _:
            return f"{principal_type.lower()}:{value}"
