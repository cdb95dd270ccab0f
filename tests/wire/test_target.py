import pytest
from tests.wire.sdk import build, request

from yett.values.http import Headers
from yett.wire import (
    MalformedInput,
    UnknownOperation,
    UnknownService,
    find_operation,
    find_service,
    scope_of,
    service_model,
)
from yett.wire.shapes import Kind, Location
from yett.wire.target import cut_path

OFFERED = ["iam", "sts", "organizations", "lambda", "apigateway", "cognito-idp", "dynamodb"]
CREDENTIAL = (
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/{region}/{service}/aws4_request, SignedHeaders=host, Signature=0"
)


def signed(service: str, region: str = "us-east-1") -> tuple[tuple[str, str], ...]:
    return (("Authorization", CREDENTIAL.format(region=region, service=service)),)


@pytest.mark.parametrize(
    ("method", "target", "operation"),
    [
        ("POST", "/restapis", "CreateRestApi"),
        ("POST", "/restapis?mode=import&failonwarnings=true", "ImportRestApi"),
        ("PUT", "/restapis/abc/resources/r1/methods/GET", "PutMethod"),
        ("POST", "/restapis/abc/resources/r1/methods/GET", "TestInvokeMethod"),
        ("GET", "/restapis/abc/stages/prod/exports/oas30", "GetExport"),
        ("GET", "/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Frestapis%2Fabc", "GetTags"),
        ("GET", "/restapis/", "GetRestApis"),
    ],
)
def test_a_rest_request_is_told_by_method_path_and_query(method: str, target: str, operation: str) -> None:
    given = request(method, target, signed("apigateway"))
    service = find_service(given, OFFERED)
    assert (service.name, find_operation(given, service).name) == ("apigateway", operation)


@pytest.mark.parametrize(
    ("method", "target"),
    [("GET", "/"), ("PATCH", "/restapis"), ("GET", "/restapis//stages"), ("GET", "/restapis/a/b/c/d/e/f/g")],
)
def test_a_path_of_no_template_names_no_operation(method: str, target: str) -> None:
    with pytest.raises(UnknownOperation):
        find_operation(request(method, target), service_model("apigateway"))


def test_the_credential_scope_says_the_service_before_anything_else() -> None:
    given = request("POST", "/", (*signed("lambda"), ("X-Amz-Target", "DynamoDB_20120810.GetItem")))
    assert find_service(given, OFFERED).name == "lambda"


def test_a_service_that_is_not_offered_is_named() -> None:
    with pytest.raises(UnknownService) as refused:
        find_service(request("GET", "/", signed("s3")), OFFERED)
    assert refused.value.service == "s3"


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ((("X-Amz-Target", "Kinesis_20131202.PutRecord"),), b"{}"),
        ((("Content-Type", "application/x-www-form-urlencoded"),), b"Action=Publish&Version=2010-03-31"),
        ((), b""),
    ],
)
def test_an_unsigned_request_for_something_else_is_for_no_service(
    headers: tuple[tuple[str, str], ...], body: bytes
) -> None:
    with pytest.raises(UnknownService):
        find_service(request("POST", "/", headers, body), OFFERED)


def test_an_action_of_another_version_is_unknown() -> None:
    form = (("Content-Type", "application/x-www-form-urlencoded"),)
    with pytest.raises(UnknownOperation) as refused:
        find_operation(request("POST", "/", form, b"Action=GetUser&Version=2009-01-01"), service_model("iam"))
    assert (refused.value.operation, refused.value.version) == ("GetUser", "2009-01-01")


def test_a_query_request_may_be_a_get() -> None:
    given = request("GET", "/?Action=GetCallerIdentity&Version=2011-06-15")
    assert find_operation(given, find_service(given, OFFERED)).name == "GetCallerIdentity"


def test_the_scope_is_read_from_header_or_query() -> None:
    assert scope_of(request("GET", "/", signed("iam", "eu-west-1"))) == ("eu-west-1", "iam")
    presigned = request(
        "GET", "/?X-Amz-Credential=AKID%2F20260102%2Fus-east-2%2Fsts%2Faws4_request&Action=GetCallerIdentity"
    )
    assert scope_of(presigned) == ("us-east-2", "sts")
    assert scope_of(request("GET", "/")) is None
    assert scope_of(request("GET", "/", (("Authorization", "Bearer x"),))) is None


def test_an_endless_form_is_refused() -> None:
    body = b"&".join(b"a%d=1" % n for n in range(10_001))
    with pytest.raises(MalformedInput):
        find_service(request("POST", "/", (("Content-Type", "application/x-www-form-urlencoded"),), body), OFFERED)


def test_segments_stay_encoded() -> None:
    assert cut_path("/a%2Fb/c/") == ("a%2Fb", "c")


def test_what_botocore_signs_for_carries_no_surprise_in_its_path() -> None:
    given = build("lambda", "ListTags", {"Resource": "arn:aws:lambda:us-east-1:123456789012:function:f"})
    assert isinstance(given.headers, Headers)
    assert find_operation(given, service_model("lambda")).name == "ListTags"


@pytest.mark.parametrize("name", OFFERED)
def test_every_operation_is_found_among_its_neighbours(name: str) -> None:
    service = service_model(name)
    for operation in service.operations.values():
        members = {} if operation.input is None else operation.input.members
        in_path = {label: member.shape.kind for label, member in members.items() if member.location is Location.URI}
        params = {member: "a/b" if kind is Kind.STRING else 1 for member, kind in in_path.items()}
        assert find_operation(build(name, operation.name, params), service) is operation
