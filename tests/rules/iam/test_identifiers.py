import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.rules.iam.identifiers import account_of_access_key, make_access_key_id


@given(account=st.from_regex(r"[0-9]{12}", fullmatch=True), dice=st.binary(min_size=5, max_size=5))
def test_an_access_key_id_tells_its_account(account: str, dice: bytes) -> None:
    access_key_id = make_access_key_id("AKIA", account, dice)
    assert len(access_key_id) == 20
    assert access_key_id.startswith("AKIA")
    assert account_of_access_key(access_key_id) == account


def test_the_account_is_where_aws_puts_it() -> None:
    # An example of public write-ups on AWS's access key ids.
    assert account_of_access_key("ASIAQNZGKIQY56JQ7WML") == "029608264753"


@pytest.mark.parametrize("text", ["AKIA", "AKIA" + "1" * 16, "AKIA" + "7" * 16, "x" * 200])
def test_what_is_no_access_key_id_tells_none(text: str) -> None:
    assert account_of_access_key(text) is None
