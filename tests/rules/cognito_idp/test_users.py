from hypothesis import given
from hypothesis import strategies as st
from tests.rules.cognito_idp.pools import NOW, pool, user

from yett.rules.cognito_idp.users import (
    UserStatus,
    aliases,
    lookups,
    simulated_sub,
    with_attributes,
)


def test_an_alias_counts_once_it_is_verified_and_its_user_confirmed() -> None:
    by_alias = pool(AliasAttributes=["email"], UsernameConfiguration={"CaseSensitive": False})
    assert aliases(by_alias, user(email="A@b.c")) == {("sub", "s-1")}
    assert ("email", "a@b.c") in aliases(by_alias, user(email="A@b.c", email_verified="true"))
    unconfirmed = user(UserStatus.UNCONFIRMED, email="A@b.c", email_verified="true")
    assert aliases(by_alias, unconfirmed) == {("sub", "s-1")}
    assert ("email", "A@b.c") in aliases(pool(UsernameAttributes=["email"]), user(email="A@b.c"))


@given(st.text(max_size=20), st.booleans())
def test_whoever_has_an_alias_is_looked_for_under_it(address: str, is_case_sensitive: bool) -> None:
    found = pool(UsernameAttributes=["email"], UsernameConfiguration={"CaseSensitive": is_case_sensitive})
    held = aliases(found, user(email=address))
    if address:
        assert held.intersection(lookups(found, address))


def test_a_change_of_address_takes_its_verification_along() -> None:
    before = user(email="a@b.c", email_verified="true", phone_number="+1555")
    assert with_attributes(before, {"email": "n@b.c"}, now=NOW).attributes["email_verified"] == "false"
    assert with_attributes(before, {"email": "a@b.c"}, now=NOW).attributes["email_verified"] == "true"
    both = with_attributes(before, {"email_verified": "True", "email": "n@b.c"}, now=NOW)
    assert both.attributes["email_verified"] == "true"
    cleared = with_attributes(before, {"email": ""}, now=NOW).attributes
    assert cleared == {"phone_number": "+1555"}


def test_a_user_that_does_not_exist_has_the_same_sub_each_time_in_one_pool() -> None:
    assert simulated_sub(pool(), "bob") == simulated_sub(pool(), "bob") != simulated_sub(pool(), "eve")
