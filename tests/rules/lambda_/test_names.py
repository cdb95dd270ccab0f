import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.rules.lambda_.names import FunctionReference, NotAFunctionName, parse_reference

ARN = "arn:aws:lambda:eu-west-1:999999999999:function:my-f_1"


@pytest.mark.parametrize(
    ("text", "account", "region", "qualifier"),
    [
        ("my-f_1", "1" * 12, "us-east-1", None),
        ("function:my-f_1", "1" * 12, "us-east-1", None),
        ("my-f_1:live", "1" * 12, "us-east-1", "live"),
        ("999999999999:function:my-f_1", "9" * 12, "us-east-1", None),
        ("999999999999:my-f_1:$LATEST", "9" * 12, "us-east-1", "$LATEST"),
        (ARN, "9" * 12, "eu-west-1", None),
        (f"{ARN}:7", "9" * 12, "eu-west-1", "7"),
    ],
)
def test_a_function_is_named_in_each_of_lambdas_ways(
    text: str, account: str, region: str, qualifier: str | None
) -> None:
    found = parse_reference(text, account="1" * 12, region="us-east-1")
    assert found == FunctionReference(account, region, "my-f_1", qualifier)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a/b",
        "a b",
        "f:",
        ":f",
        "f\n",
        "arn:aws:lambda:f",
        "arn:aws:lambda:us-east-1:function:f",
        "arn:aws:s3:us-east-1:999999999999:function:f",
        f"{ARN}:a:b",
        "x" * 65,
        "../f",
    ],
)
def test_anything_else_is_no_function(text: str) -> None:
    with pytest.raises(NotAFunctionName):
        parse_reference(text, account="1" * 12, region="us-east-1")


@given(st.from_regex(r"[a-zA-Z0-9_-]{1,64}", fullmatch=True), st.sampled_from([None, "$LATEST", "v1"]))
def test_an_arn_is_read_back_as_it_was_written(name: str, qualifier: str | None) -> None:
    reference = FunctionReference("9" * 12, "eu-west-1", name, qualifier)
    assert parse_reference(reference.qualified_arn, account="1" * 12, region="us-east-1") == reference
