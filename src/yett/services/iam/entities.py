"""What the operations on users, groups, roles and instance profiles share: find, change, describe, page."""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Generic, TypeVar
from urllib.parse import quote

import msgspec

from yett.ports.errors import AlreadyExists
from yett.ports.iam_store import Entity, Group, InstanceProfile, PolicyNotFound, Role, TooMany, User
from yett.ports.randomness import UPPER_ALPHANUMERIC
from yett.rules.iam.identifiers import INSTANCE_PROFILE_ID, UNIQUE_ID_CHARACTERS
from yett.rules.iam.limits import (
    GROUP_INLINE_CHARACTERS,
    PAGE_ITEMS,
    RESERVED_TAG_PREFIX,
    ROLE_INLINE_CHARACTERS,
    TAGS_PER_ENTITY,
    USER_INLINE_CHARACTERS,
)
from yett.rules.iam.quotas import GROUPS, INSTANCE_PROFILES, ROLES, USERS, AccountQuota
from yett.services.call import Call, ServiceError
from yett.services.iam.errors import (
    account_quota_exceeded,
    already_exists,
    cannot_be_found,
    invalid_input,
    no_such_entity,
    policy_not_attachable,
    quota_exceeded,
    validation_error,
)
from yett.values.identifiers import GROUP_ID, ROLE_ID, USER_ID

E = TypeVar("E", bound=Entity)
T = TypeVar("T")
# UNCERTAIN: IAM's code and text for a tag that is AWS's own to set.
RESERVED_TAG_KEY: Final = "aws: prefixed tag key names are not allowed for external use."
MARKED: Final = "after/"  # what every marker of ours begins with
Params = Mapping[str, Any]  # checked against the service model before an operation sees them
Answer = Mapping[str, object]


class Noun(msgspec.Struct, Generic[E], frozen=True, kw_only=True):
    """A kind of entity, as AWS's API and texts spell it."""

    kind: type[E]
    word: str  # "user": in ARNs and texts
    title: str  # "User": in operation names, members and quotas
    prefix: str  # of unique ids
    quota: AccountQuota
    inline_characters: int = 0

    @property
    def name_member(self) -> str:
        """The input member with the name."""
        return f"{self.title}Name"

    def missing(self, name: str) -> ServiceError:
        """There is none of this name."""
        if self.kind is InstanceProfile:
            return no_such_entity(f"Instance Profile {name} cannot be found.")
        return cannot_be_found(self.word, name)

    def taken(self, name: str) -> ServiceError:
        """There is one of this name."""
        if self.kind is InstanceProfile:
            return already_exists(f"Instance Profile {name} already exists.")
        return already_exists(f"{self.title} with name {name} already exists.")


USER: Final = Noun(
    kind=User, word="user", title="User", prefix=USER_ID, quota=USERS, inline_characters=USER_INLINE_CHARACTERS
)
GROUP: Final = Noun(
    kind=Group, word="group", title="Group", prefix=GROUP_ID, quota=GROUPS, inline_characters=GROUP_INLINE_CHARACTERS
)
ROLE: Final = Noun(
    kind=Role, word="role", title="Role", prefix=ROLE_ID, quota=ROLES, inline_characters=ROLE_INLINE_CHARACTERS
)
INSTANCE_PROFILE: Final = Noun(
    kind=InstanceProfile,
    word="instance-profile",
    title="InstanceProfile",
    prefix=INSTANCE_PROFILE_ID,
    quota=INSTANCE_PROFILES,
)


async def get_entity(call: Call, noun: Noun[E], name: str) -> E:
    """The entity of this name, or AWS's NoSuchEntity."""
    found = await call.ports.iam_store.find(noun.kind, call.account, name)
    if found is None:
        raise noun.missing(name)
    return found


async def add_entity(call: Call, noun: Noun[E], entity: E) -> None:
    """Keep a new entity, or raise AWS's EntityAlreadyExists or LimitExceeded."""
    # UNCERTAIN: which of the two a full account is told of a name that it has already; here the former.
    try:
        await call.ports.iam_store.add(entity, at_most=noun.quota.bound)
    except TooMany as error:
        raise account_quota_exceeded(noun.quota) from error
    except AlreadyExists as error:
        raise noun.taken(entity.name) from error
    except PolicyNotFound as error:
        raise scope_not_found(error.arn) from error


async def change_entity(call: Call, noun: Noun[E], name: str, change: Callable[[E], E]) -> E:
    """The entity as *change* made it, or one of AWS's refusals."""
    try:
        changed = await call.ports.iam_store.update(noun.kind, call.account, name, change)
    except PolicyNotFound as error:
        raise policy_not_attachable(error.arn) from error
    if changed is None:
        raise noun.missing(name)
    return changed


def scope_not_found(arn: str) -> ServiceError:
    """The managed policy that was to be a permissions boundary does not exist."""
    return no_such_entity(f"Scope ARN: {arn} does not exist or is not attachable.")


def draw_unique_id(call: Call, prefix: str) -> str:
    """A unique id such as ``AIDA…``."""
    return prefix + call.ports.randomness.text(UPPER_ALPHANUMERIC, UNIQUE_ID_CHARACTERS)


def arn_of(noun: Noun[E], entity: Entity) -> str:
    """The ARN of a user, group, role or instance profile."""
    return f"arn:aws:iam::{entity.account}:{noun.word}{entity.path}{entity.name}"


def render_document(document: str) -> str:
    """A policy as IAM's answers carry it: percent-encoded (RFC 3986)."""
    return quote(document, safe="")


def read_tags(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The tags of a request.

    Raises:
        ServiceError: InvalidInput, when two keys differ by nothing but case, or one is AWS's own.
    """
    found: dict[str, str] = {}
    folded: set[str] = set()
    for tag in tags:
        if tag["Key"].lower() in folded:
            raise invalid_input("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
        if tag["Key"].lower().startswith(RESERVED_TAG_PREFIX):
            raise invalid_input(RESERVED_TAG_KEY)
        folded.add(tag["Key"].lower())
        found[tag["Key"]] = tag["Value"]
    return found


def add_tags(present: Mapping[str, str], added: Mapping[str, str], quota: str) -> dict[str, str]:
    """The tags with those added; a key that is there in another case is replaced.

    Raises:
        ServiceError: LimitExceeded.
    """
    folded = {key.lower() for key in added}
    kept = {key: value for key, value in present.items() if key.lower() not in folded}
    tags = kept | dict(added)
    if len(tags) > TAGS_PER_ENTITY:
        raise quota_exceeded(quota, TAGS_PER_ENTITY)
    return tags


def describe_tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as the API lists them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def describe_entity(noun: Noun[E], entity: E, *, whole: bool) -> dict[str, object]:
    """An entity as the API describes it; lists leave out tags and boundary (*whole* is false)."""
    answer: dict[str, object] = {
        "Path": entity.path,
        f"{noun.title}Name": entity.name,
        f"{noun.title}Id": entity.id,
        "Arn": arn_of(noun, entity),
        "CreateDate": entity.created_at,
    }
    if isinstance(entity, Role):
        answer["AssumeRolePolicyDocument"] = render_document(entity.trust_policy)
        answer["MaxSessionDuration"] = entity.max_session_seconds
        if entity.description is not None:
            answer["Description"] = entity.description
    if whole and entity.permissions_boundary is not None:
        answer["PermissionsBoundary"] = {
            "PermissionsBoundaryType": "Policy",
            "PermissionsBoundaryArn": entity.permissions_boundary,
        }
    if whole and entity.tags:
        answer["Tags"] = describe_tags(entity.tags)
    return answer


def render_marker(position: str) -> str:
    """Where the next page begins, for the caller to hand back."""
    return base64.urlsafe_b64encode(f"{MARKED}{position}".encode()).decode()


def read_marker(params: Params) -> str:
    """Where this page begins; "" for the first.

    Raises:
        ServiceError: ValidationError, for a marker that we did not make.
    """
    if "Marker" not in params:
        return ""
    try:
        position = base64.b64decode(params["Marker"], b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise validation_error("Invalid Marker.") from error
    if not position.startswith(MARKED) or "\0" in position:
        raise validation_error("Invalid Marker.")
    return position.removeprefix(MARKED)


def page_of(items: Iterable[T], params: Params, *, key: Callable[[T], str]) -> tuple[list[T], dict[str, object]]:
    """One page of a list that is at hand, in order of *key*, and the members that say whether there is more.

    The next page begins after the key of the last one shown: whatever comes and goes meanwhile, each is shown once.
    """
    after = read_marker(params)
    rest = sorted((each for each in items if key(each) > after), key=key)
    page = rest[: params.get("MaxItems", PAGE_ITEMS)]
    return page, more(key(page[-1]) if len(page) < len(rest) else None)


def page_tags(tags: Mapping[str, str], params: Params) -> dict[str, object]:
    """One page of tags, as the operations that list them answer."""
    page, rest = page_of(tags, params, key=str)
    return {"Tags": [{"Key": key, "Value": tags[key]} for key in page], **rest}


def more(position: str | None) -> dict[str, object]:
    """IsTruncated and, if so, the Marker."""
    return {"IsTruncated": False} if position is None else {"IsTruncated": True, "Marker": render_marker(position)}


async def page_entities(call: Call, noun: Noun[E], params: Params) -> tuple[list[E], dict[str, object]]:
    """One page of the account's entities of a kind, and the members that say whether there is more."""
    limit = params.get("MaxItems", PAGE_ITEMS)
    prefix = params.get("PathPrefix", "/")
    page = await call.ports.iam_store.page(
        noun.kind, call.account, path_prefix=prefix, after=read_marker(params), limit=limit + 1
    )
    return page[:limit], more(page[limit - 1].name if len(page) > limit else None)
