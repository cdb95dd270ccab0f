from tests.services.lambda_.support import Lambda


async def test_tags_are_put_replaced_and_taken_off(lambda_: Lambda) -> None:
    arn = (await lambda_.create(Tags={"a": "1", "b": "2"}))["FunctionArn"]
    await lambda_("TagResource", Resource=arn, Tags={"b": "3", "c": "4"})
    assert await lambda_("ListTags", Resource=arn) == {"Tags": {"a": "1", "b": "3", "c": "4"}}
    await lambda_("UntagResource", Resource=arn, TagKeys=["a", "c", "unknown"])
    assert await lambda_("ListTags", Resource=arn) == {"Tags": {"b": "3"}}
