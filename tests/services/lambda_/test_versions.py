import pytest
from tests.services.lambda_.support import ACCOUNT, Lambda, package

from yett.services.call import ServiceError

ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"


async def test_a_version_stays_what_it_was_and_latest_goes_on(lambda_: Lambda) -> None:
    await lambda_.create(Environment={"Variables": {"AA": "1"}})
    first = await lambda_("PublishVersion", FunctionName="f", Description="the first")
    assert (first["Version"], first["FunctionArn"], first["Description"]) == ("1", f"{ARN}:1", "the first")
    await lambda_("UpdateFunctionConfiguration", FunctionName="f", Environment={"Variables": {"AA": "2"}})
    second = await lambda_("UpdateFunctionCode", FunctionName="f", ZipFile=package("x = 1"), Publish=True)
    assert (second["Version"], second["FunctionArn"]) == ("2", f"{ARN}:2")
    for name, params in (("f", {"Qualifier": "1"}), ("f:1", {}), (f"{ARN}:1", {"Qualifier": "1"})):
        assert await lambda_("GetFunctionConfiguration", FunctionName=name, **params) == first
        assert (await lambda_("GetFunction", FunctionName=name, **params))["Configuration"] == first
    latest = await lambda_("GetFunctionConfiguration", FunctionName="f")
    assert (latest["Version"], latest["Environment"]) == ("$LATEST", {"Variables": {"AA": "2"}})


async def test_nothing_is_published_twice(lambda_: Lambda) -> None:
    made = await lambda_.create(Publish=True)
    assert made["Version"] == "1"
    assert (await lambda_("PublishVersion", FunctionName="f"))["Version"] == "1"
    await lambda_("UpdateFunctionConfiguration", FunctionName="f", Timeout=9)
    assert (await lambda_("PublishVersion", FunctionName="f"))["Version"] == "2"
    await lambda_("DeleteFunction", FunctionName="f", Qualifier="2")
    assert (await lambda_("PublishVersion", FunctionName="f"))["Version"] == "3"


async def test_what_is_published_is_what_was_meant(lambda_: Lambda) -> None:
    made = await lambda_.create()
    with pytest.raises(ServiceError, match="is different from current CodeSHA256"):
        await lambda_("PublishVersion", FunctionName="f", CodeSha256="other")
    with pytest.raises(ServiceError) as refused:
        await lambda_("PublishVersion", FunctionName="f", RevisionId="other")
    assert refused.value.code == "PreconditionFailedException"
    with pytest.raises(ServiceError, match="Aliases and versions do not support this operation"):
        await lambda_("PublishVersion", FunctionName="f:1")
    assert (await lambda_("PublishVersion", FunctionName="f", CodeSha256=made["CodeSha256"]))["Version"] == "1"


async def test_versions_are_listed_after_latest_page_by_page(lambda_: Lambda) -> None:
    await lambda_.create()
    for timeout in range(1, 4):
        await lambda_("UpdateFunctionConfiguration", FunctionName="f", Timeout=timeout)
        await lambda_("PublishVersion", FunctionName="f")
    seen, marker = [], {}
    while True:
        page = await lambda_("ListVersionsByFunction", FunctionName="f", MaxItems=1, **marker)
        seen += [each["FunctionArn"] for each in page["Versions"]]
        if "NextMarker" not in page:
            break
        marker = {"Marker": page["NextMarker"]}
    assert seen == [f"{ARN}:$LATEST", f"{ARN}:1", f"{ARN}:2", f"{ARN}:3"]


async def test_a_version_can_be_deleted_unless_an_alias_names_it(lambda_: Lambda) -> None:
    await lambda_.create(Publish=True)
    await lambda_("CreateAlias", FunctionName="f", Name="prod", FunctionVersion="1")
    for qualifier, text in (("1", "an alias names it"), ("$LATEST", "LATEST version cannot"), ("prod", "Deletion of")):
        with pytest.raises(ServiceError, match=text):
            await lambda_("DeleteFunction", FunctionName="f", Qualifier=qualifier)
    await lambda_("DeleteAlias", FunctionName="f", Name="prod")
    await lambda_("DeleteFunction", FunctionName="f:1")
    with pytest.raises(ServiceError, match=f"Function not found: {ARN}:1"):
        await lambda_("GetFunction", FunctionName="f", Qualifier="1")
    assert (await lambda_("GetFunction", FunctionName="f"))["Configuration"]["Version"] == "$LATEST"
