"""Groups of a pool's users, and the roles they bring."""

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct


class Group(Struct, frozen=True, kw_only=True):
    """One group."""

    name: str
    created_at: datetime
    modified_at: datetime
    description: str | None = None
    role_arn: str | None = None
    precedence: int | None = None  # lower wins


def ordered(groups: Iterable[Group]) -> tuple[Group, ...]:
    """Groups by precedence, those without one last, then by name."""
    return tuple(sorted(groups, key=lambda g: (g.precedence is None, g.precedence or 0, g.name)))


def roles(groups: Iterable[Group]) -> tuple[str, ...]:
    """The ``cognito:roles`` of a user: role ARNs of the groups, each once."""
    return tuple(dict.fromkeys(group.role_arn for group in ordered(groups) if group.role_arn))


def preferred_role(groups: Iterable[Group]) -> str | None:
    """The ``cognito:preferred_role``: that of the group of the lowest precedence; None where groups of it disagree.

    Source: https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-user-groups.html
    """
    with_role = [group for group in ordered(groups) if group.role_arn]
    if not with_role:
        return None
    best = {group.role_arn for group in with_role if group.precedence == with_role[0].precedence}
    return best.pop() if len(best) == 1 else None


def render_group(group: Group, pool_id: str) -> dict[str, object]:
    """A ``GroupType``."""
    rendered: dict[str, object] = {
        "GroupName": group.name,
        "UserPoolId": pool_id,
        "LastModifiedDate": group.modified_at,
        "CreationDate": group.created_at,
    }
    if group.description is not None:
        rendered["Description"] = group.description
    if group.role_arn is not None:
        rendered["RoleArn"] = group.role_arn
    if group.precedence is not None:
        rendered["Precedence"] = group.precedence
    return rendered
