import pytest
from botocore.loaders import Loader

from yett.wire import service_model

SERVICES = ["iam", "sts", "organizations", "lambda", "apigateway", "cognito-idp", "dynamodb"]


@pytest.mark.parametrize("name", SERVICES)
def test_every_operation_of_the_model_is_there(name: str) -> None:
    model = Loader().load_service_model(name, "service-2")
    assert set(service_model(name).operations) == set(model["operations"])


def test_only_operations_without_authentication_need_no_signature() -> None:
    unsigned = {name for name, op in service_model("sts").operations.items() if not op.needs_signature}
    assert unsigned == {"AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"}
    pools = service_model("cognito-idp").operations
    assert not pools["InitiateAuth"].needs_signature
    assert pools["AdminInitiateAuth"].needs_signature
    for name in ("iam", "organizations", "lambda", "apigateway", "dynamodb"):
        assert all(op.needs_signature for op in service_model(name).operations.values())


def test_shapes_may_hold_themselves() -> None:
    shape = service_model("dynamodb").operations["PutItem"].input
    assert shape is not None
    attribute = shape.members["Item"].shape.members["value"].shape
    assert attribute.members["L"].shape.members["member"].shape is attribute
    assert repr(attribute) == "Shape(AttributeValue)"


def test_a_model_is_loaded_once() -> None:
    assert service_model("sts") is service_model("sts")


def test_errors_are_found_by_code_and_by_name() -> None:
    errors = service_model("iam").errors
    assert errors["NoSuchEntity"] is errors["NoSuchEntityException"]
    assert errors["NoSuchEntity"].error_status == 404
