import pytest
from tests.rules.cognito_idp.pools import NOW

from yett.rules.cognito_idp.groups import Group, ordered, preferred_role, roles


def group(name: str, role: str | None, precedence: int | None) -> Group:
    return Group(name=name, created_at=NOW, modified_at=NOW, role_arn=role, precedence=precedence)


# Source: https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-user-groups.html
@pytest.mark.parametrize(
    ("groups", "preferred"),
    [
        ((), None),
        ((group("a", None, 0),), None),
        ((group("a", "r1", 5), group("b", "r2", 0)), "r2"),
        ((group("a", "r1", None), group("b", "r2", 9)), "r2"),
        ((group("a", "r1", 1), group("b", "r2", 1)), None),
        ((group("a", "r1", 1), group("b", "r1", 1)), "r1"),
        ((group("a", None, 0), group("b", "r2", 1)), "r2"),
        ((group("a", "r1", None),), "r1"),
    ],
)
def test_the_preferred_role_is_that_of_the_lowest_precedence(groups: tuple[Group, ...], preferred: str | None) -> None:
    assert preferred_role(groups) == preferred


def test_roles_are_in_order_and_each_once() -> None:
    groups = (group("z", "r1", 2), group("y", "r2", 1), group("x", "r1", None))
    assert [found.name for found in ordered(groups)] == ["y", "z", "x"]
    assert roles(groups) == ("r2", "r1")
