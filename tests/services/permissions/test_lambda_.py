import pytest

from yett.services.permissions.lambda_ import PERMISSIONS
from yett.services.permissions.row import Permission

OWN = "arn:aws:lambda:us-east-1:123456789012:function:f"


@pytest.mark.parametrize(
    ("name", "arn"),
    [
        ("f", OWN),
        ("f:live", f"{OWN}:live"),
        ("f:$LATEST", OWN),
        ("123456789012:function:f", OWN),
        (OWN, OWN),
        (f"{OWN}:7", f"{OWN}:7"),
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


@pytest.mark.parametrize("operation", ["AddPermission", "RemovePermission", "DeleteFunction", "GetPolicy"])
def test_a_qualifier_is_part_of_the_resource(operation: str) -> None:
    row = PERMISSIONS[operation]
    assert isinstance(row, Permission)
    params = {"FunctionName": "f", "Qualifier": "live"}
    assert row.resources(params, account="123456789012", region="us-east-1") == (f"{OWN}:live",)


@pytest.mark.parametrize(
    ("params", "resource"),
    [
        ({"LayerName": "l"}, "layer:l"),
        ({"LayerName": "l", "VersionNumber": 3}, "layer:l:3"),
        ({"LayerName": "arn:aws:lambda:us-east-1:123456789012:layer:l", "VersionNumber": 3}, "layer:l:3"),
    ],
)
def test_the_resource_is_the_layer_or_its_version(params: dict[str, object], resource: str) -> None:
    row = PERMISSIONS["GetLayerVersion"]
    assert isinstance(row, Permission)
    found = row.resources(params, account="123456789012", region="us-east-1")
    assert found == (f"arn:aws:lambda:us-east-1:123456789012:{resource}",)


def test_actions_are_spelled_as_their_operations() -> None:
    for operation, row in PERMISSIONS.items():
        if isinstance(row, Permission):
            assert row.action == f"lambda:{operation.removesuffix('ByArn')}"
