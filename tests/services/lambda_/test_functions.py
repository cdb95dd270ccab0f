import base64
import hashlib

import pytest
from tests.services.lambda_.support import ACCOUNT, OTHER, ROLE, Lambda, caller, package

from yett.services.call import ServiceError

ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"


async def test_a_created_function_is_described_as_lambda_describes_it(lambda_: Lambda) -> None:
    made = await lambda_.create(Environment={"Variables": {"AA": "b"}}, Tags={"t": "v"}, Timeout=7)
    assert made == {
        "FunctionName": "f",
        "FunctionArn": ARN,
        "Runtime": "python3.12",
        "Role": ROLE,
        "Handler": "app.handler",
        "CodeSize": len(package()),
        "Description": "",
        "Timeout": 7,
        "MemorySize": 128,
        "LastModified": "2026-02-03T04:05:06.789+0000",
        "CodeSha256": base64.b64encode(hashlib.sha256(package()).digest()).decode(),
        "Version": "$LATEST",
        "Environment": {"Variables": {"AA": "b"}},
        "TracingConfig": {"Mode": "PassThrough"},
        "RevisionId": "revision-1",
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": 512},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/f"},
    }
    for name in ("f", f"{ACCOUNT}:function:f", ARN, f"{ARN}:$LATEST", "f:$LATEST"):
        found = await lambda_("GetFunction", FunctionName=name)
        assert found["Configuration"] == made
        assert found["Tags"] == {"t": "v"}
        assert await lambda_("GetFunctionConfiguration", FunctionName=name) == made


@pytest.mark.parametrize(
    ("params", "code", "text"),
    [
        ({"Runtime": "ruby3.3"}, "InvalidParameterValueException", "yett runs functions of Python (python3.9 to"),
        ({"Role": ROLE + "-unknown"}, "InvalidParameterValueException", "cannot be assumed by Lambda."),
        ({"Role": f"arn:aws:iam::{ACCOUNT}:role/worker"}, "InvalidParameterValueException", "cannot be assumed"),
        ({"Code": {"S3Bucket": "bucket", "S3Key": "k"}}, "InvalidParameterValueException", "does not offer S3Bucket"),
        ({"Code": {"ZipFile": b"no zip"}}, "InvalidParameterValueException", "Could not unzip uploaded file."),
        ({"Code": {"ZipFile": b""}}, "InvalidParameterValueException", "Uploaded file must be a non-empty zip"),
        (
            {"Environment": {"Variables": {"AWS_REGION": "x", "BB": "c", "AWS_SESSION_TOKEN": "t"}}},
            "InvalidParameterValueException",
            "Reserved keys used in this request: AWS_REGION, AWS_SESSION_TOKEN",
        ),
        (
            {"Environment": {"Variables": {"AA": "x" * 5000}}},
            "InvalidParameterValueException",
            "exceeded the 4KB limit.",
        ),
        (
            {"CodeSigningConfigArn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:code-signing-config:csc-0123456789abcdef0"},
            "InvalidParameterValueException",
            "CodeSigningConfigArn: signatures",
        ),
        ({"VpcConfig": {"SubnetIds": ["subnet-1"]}}, "InvalidParameterValueException", "does not offer VpcConfig"),
        ({"PackageType": "Image"}, "InvalidParameterValueException", "does not offer PackageType Image"),
        ({"Tags": {"aws:a": "b"}}, "InvalidParameterValueException", "reserved prefix"),
    ],
)
async def test_what_cannot_be_had_is_refused_by_name(
    lambda_: Lambda, params: dict[str, object], code: str, text: str
) -> None:
    with pytest.raises(ServiceError) as refused:
        await lambda_.create(**params)
    assert refused.value.code == code
    assert text in refused.value.message
    assert (await lambda_("ListFunctions"))["Functions"] == []


async def test_empty_settings_of_templates_are_no_wishes(lambda_: Lambda) -> None:
    await lambda_.create(VpcConfig={"SubnetIds": [], "SecurityGroupIds": []}, Layers=[], Publish=False)


async def test_a_role_that_does_not_trust_lambda_is_refused(lambda_: Lambda) -> None:
    lambda_.world.trusting = False
    with pytest.raises(ServiceError, match=r"The role defined for the function cannot be assumed by Lambda\."):
        await lambda_.create()


async def test_passing_a_role_needs_permission(lambda_: Lambda) -> None:
    without = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "lambda:*", "Resource": "*"}}
    with pytest.raises(ServiceError, match="iam:PassRole"):
        await lambda_("CreateFunction", by=caller(without), FunctionName="f", Role=ROLE, Code={"ZipFile": package()})
    passing = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": ROLE}
    passing["Condition"] = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    both = {"Version": "2012-10-17", "Statement": [without["Statement"], passing]}
    await lambda_(
        "CreateFunction",
        by=caller(both),
        FunctionName="f",
        Role=ROLE,
        Runtime="python3.12",
        Handler="app.handler",
        Code={"ZipFile": package()},
    )


async def test_there_is_one_function_of_a_name(lambda_: Lambda) -> None:
    await lambda_.create()
    with pytest.raises(ServiceError, match="Function already exist: f") as refused:
        await lambda_.create()
    assert (refused.value.code, refused.value.status) == ("ResourceConflictException", 409)


async def test_functions_are_listed_page_by_page(lambda_: Lambda) -> None:
    for name in ("a", "b", "c"):
        await lambda_.create(name)
    first = await lambda_("ListFunctions", MaxItems=2)
    assert [each["FunctionName"] for each in first["Functions"]] == ["a", "b"]
    last = await lambda_("ListFunctions", MaxItems=2, Marker=first["NextMarker"])
    assert [each["FunctionName"] for each in last["Functions"]] == ["c"]
    assert "NextMarker" not in last


async def test_code_and_configuration_change_apart(lambda_: Lambda) -> None:
    made = await lambda_.create(Environment={"Variables": {"AA": "b"}}, Description="old")
    changed = await lambda_("UpdateFunctionConfiguration", FunctionName="f", Timeout=9, Description="")
    assert (changed["Timeout"], changed["Description"]) == (9, "")
    assert changed["Environment"] == {"Variables": {"AA": "b"}}
    assert changed["CodeSha256"] == made["CodeSha256"]
    dry = await lambda_("UpdateFunctionCode", FunctionName="f", ZipFile=package("x = 1"), DryRun=True)
    assert dry["CodeSha256"] != made["CodeSha256"]
    assert (await lambda_("GetFunctionConfiguration", FunctionName="f"))["CodeSha256"] == made["CodeSha256"]
    await lambda_("UpdateFunctionCode", FunctionName="f", ZipFile=package("x = 1"))
    found = await lambda_("GetFunctionConfiguration", FunctionName="f")
    assert found["CodeSha256"] == dry["CodeSha256"]
    assert "Environment" not in await lambda_("UpdateFunctionConfiguration", FunctionName="f", Environment={})


async def test_a_change_names_the_revision_that_it_is_for(lambda_: Lambda) -> None:
    made = await lambda_.create()
    await lambda_("UpdateFunctionConfiguration", FunctionName="f", Timeout=9, RevisionId=made["RevisionId"])
    with pytest.raises(ServiceError) as refused:
        await lambda_("UpdateFunctionConfiguration", FunctionName="f", Timeout=9, RevisionId=made["RevisionId"])
    assert (refused.value.code, refused.value.status) == ("PreconditionFailedException", 412)


async def test_a_deleted_function_is_gone(lambda_: Lambda) -> None:
    await lambda_.create()
    await lambda_("DeleteFunction", FunctionName="f")
    for operation in ("DeleteFunction", "GetFunction"):
        with pytest.raises(ServiceError, match=f"Function not found: {ARN}") as refused:
            await lambda_(operation, FunctionName="f")
        assert (refused.value.code, refused.value.status) == ("ResourceNotFoundException", 404)


async def test_node_functions_need_node(lambda_: Lambda, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ServiceError, match=r"yett cannot run nodejs22\.x here: `node` is not on this machine's PATH"):
        await lambda_.create(Runtime="nodejs22.x")
    await lambda_.create()
    with pytest.raises(ServiceError, match="cannot run nodejs20"):
        await lambda_("UpdateFunctionConfiguration", FunctionName="f", Runtime="nodejs20.x")


@pytest.mark.parametrize("operation", ["GetFunction", "GetPolicy", "DeleteFunction"])
async def test_another_accounts_functions_are_out_of_reach(lambda_: Lambda, operation: str) -> None:
    await lambda_.create()
    for name in (ARN, ARN + "-unknown"):
        with pytest.raises(ServiceError, match="is not authorized to perform"):
            await lambda_(operation, by=caller(account=OTHER), FunctionName=name)
    assert (await lambda_("ListFunctions", by=caller(account=OTHER)))["Functions"] == []


async def test_the_functions_tags_are_not_those_of_the_role_that_it_is_given(lambda_: Lambda) -> None:
    await lambda_.create(Tags={"team": "blue"})
    may = {"Effect": "Allow", "Action": "lambda:*", "Resource": "*"}
    blue = {"StringEquals": {"aws:ResourceTag/team": "blue"}}
    passing = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": ROLE, "Condition": blue}
    by = caller({"Version": "2012-10-17", "Statement": [may, passing]})
    with pytest.raises(ServiceError, match="iam:PassRole"):
        await lambda_("UpdateFunctionConfiguration", by=by, FunctionName="f", Role=ROLE)
