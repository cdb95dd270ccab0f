import pytest

from yett.services.permissions.lambda_ import PERMISSIONS
from yett.services.permissions.row import Permission

OWN = "arn:aws:lambda:us-east-1:123456789012:function:f"


@pytest.mark.parametrize(
    ("name", "arn"),
    [
        ("f", OWN),
        ("f:live", OWN),
        ("123456789012:function:f", OWN),
        (OWN, OWN),
        (f"{OWN}:7", OWN),
        (
            "arn:aws:lambda:eu-west-1:999999999999:function:f",
            "arn:aws:lambda:eu-west-1:999999999999:function:f",
        ),
        ("no name", "arn:aws:lambda:us-east-1:123456789012:function:no name"),
    ],
)
def test_the_resource_is_the_function_however_it_is_named(name: str, arn: str) -> None:
    row = PERMISSIONS["GetFunction"]
    assert isinstance(row, Permission)
    assert row.resources({"FunctionName": name}, account="123456789012", region="us-east-1") == (arn,)


def test_actions_are_spelled_as_their_operations() -> None:
    for operation, row in PERMISSIONS.items():
        if isinstance(row, Permission):
            assert row.action == f"lambda:{operation}"
