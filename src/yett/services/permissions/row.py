"""What one operation asks of its caller's policies, as a row of its service's table."""

import re
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from typing import Final

from msgspec import Struct

PARTITION: Final = "aws"

Params = Mapping[str, object]
ResourceOf = Callable[[Params, str, str], tuple[str, ...]]  # (params, account, Region) -> ARNs
ValuesOf = Callable[[Params], tuple[str, ...]]  # params -> the values of a condition key; () = the key is absent

# Members that an ARN template may name although the model does not require them, with what AWS takes in their place.
DEFAULTS: Final[Mapping[str, str]] = {"Path": "/"}
PLACEHOLDER: Final = re.compile(r"\{([A-Za-z]+)\}")
PLACES: Final = frozenset({"partition", "account", "region"})


class Exempt(Enum):
    """Why no identity-based policy is asked before the operation acts."""

    UNSIGNED = "UNSIGNED"  # the service model says that no signature is needed: there is no caller
    ANY_CALLER = "ANY_CALLER"  # a verified signature is enough, and no policy can deny it (sts:GetCallerIdentity)
    BY_OPERATION = "BY_OPERATION"  # the operation decides, with a resource's own policy in hand (sts:AssumeRole)


UNSIGNED: Final = Exempt.UNSIGNED
ANY_CALLER: Final = Exempt.ANY_CALLER
BY_OPERATION: Final = Exempt.BY_OPERATION


class PassedRole(Struct, frozen=True):
    """A role that the operation hands to a service: the caller needs ``iam:PassRole`` on it.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
    """

    member: str  # the input member, dotted, that holds the role's ARN
    service: str  # iam:PassedToService, "lambda.amazonaws.com"


class Permission(Struct, frozen=True, kw_only=True):
    """One row: the action, on which resources, with which condition keys from the parameters.

    ``resource`` is an ARN template (``{partition}``, ``{account}``, ``{region}`` and required input members between
    braces; an absent ``Path`` is ``/``), or a function. Where only the store knows the ARN, the service has a resolver
    of the same operation in ``RESOURCES`` of its `operations.py`, which then stands in for this one.
    """

    action: str  # "iam:CreateRole"
    resource: str | tuple[str, ...] | ResourceOf = "*"
    condition_keys: Mapping[
        str, str | ValuesOf
    ] = {}  # "iam:PolicyARN": "PolicyArn" (an input member, dotted), or a function
    tags: str | None = None  # the member with the tags put on: aws:RequestTag/* and aws:TagKeys
    tag_keys: str | None = None  # the member with the tag keys taken off: aws:TagKeys
    also: Mapping[str, str] = {}  # member -> the further action needed when it is given: {"Tags": "iam:TagRole"}
    passes: tuple[PassedRole, ...] = ()

    def resources(self, params: Params, *, account: str, region: str) -> tuple[str, ...]:
        """The ARNs that the action is asked for."""
        if callable(self.resource):
            return self.resource(params, account, region)
        templates = (self.resource,) if isinstance(self.resource, str) else self.resource
        places = {"partition": PARTITION, "account": account, "region": region}

        def fill(match: re.Match[str]) -> str:
            name = match[1]
            return places[name] if name in places else str(params.get(name, DEFAULTS.get(name, "")))

        return tuple(PLACEHOLDER.sub(fill, template) for template in templates)

    def members(self) -> frozenset[str]:
        """The input members that the resource templates name."""
        if callable(self.resource):
            return frozenset()
        templates = (self.resource,) if isinstance(self.resource, str) else self.resource
        return frozenset(name for template in templates for name in PLACEHOLDER.findall(template)) - PLACES

    def context(self, params: Params) -> dict[str, tuple[str, ...]]:
        """The condition keys that the parameters give, with their values."""
        found: dict[str, tuple[str, ...]] = {}
        for key, source in self.condition_keys.items():
            values = source(params) if callable(source) else values_at(params, source)
            if values:
                found[key] = values
        if self.tags is not None:
            pairs = tuple(tags_at(params, self.tags))
            found |= {f"aws:RequestTag/{key}": (value,) for key, value in pairs}
            if pairs:
                found["aws:TagKeys"] = tuple(key for key, _ in pairs)
        if self.tag_keys is not None and (keys := values_at(params, self.tag_keys)):
            found["aws:TagKeys"] = keys
        return found


Row = Permission | Exempt


def value_at(params: Params, member: str) -> object:
    """What lies under a dotted member name; None if nothing does."""
    value: object = params
    for name in member.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def values_at(params: Params, member: str) -> tuple[str, ...]:
    """The member as condition values: a list's elements, else the one value; () if it is absent."""
    value = value_at(params, member)
    if value is None:
        return ()
    return tuple(render_value(item) for item in value) if isinstance(value, list | tuple) else (render_value(value),)


def render_value(value: object) -> str:
    """A parameter as a condition value is written: booleans are ``true`` and ``false``."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def tags_at(params: Params, member: str) -> Iterator[tuple[str, str]]:
    """Tags, whether the service writes them as a list of Key and Value or as a map."""
    value = value_at(params, member)
    if isinstance(value, Mapping):
        yield from ((str(key), str(item)) for key, item in value.items())
    elif isinstance(value, list | tuple):
        for tag in value:
            if isinstance(tag, Mapping) and "Key" in tag:
                yield str(tag["Key"]), str(tag.get("Value", ""))
