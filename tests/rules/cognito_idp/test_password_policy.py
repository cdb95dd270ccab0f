import pytest

from yett.rules.cognito_idp.errors import UserPoolRefused
from yett.rules.cognito_idp.password_policy import PREFIX, PasswordPolicy, check_password

POLICY = PasswordPolicy()
LAX = PasswordPolicy(
    minimum_length=6, require_uppercase=False, require_lowercase=False, require_numbers=False, require_symbols=False
)


@pytest.mark.parametrize(
    ("password", "text"),
    [
        ("Aa1!aaa", "Password not long enough"),
        ("aa1!aaaa", "Password must have uppercase characters"),
        ("AA1!AAAA", "Password must have lowercase characters"),
        ("Aaa!aaaa", "Password must have numeric characters"),
        ("Aa1aaaaa", "Password must have symbol characters"),
        ("Aa1!" + "a" * 253, "Password too long"),
    ],
)
def test_each_rule_has_its_text(password: str, text: str) -> None:
    with pytest.raises(UserPoolRefused) as caught:
        check_password(password, POLICY)
    assert (caught.value.fault.value, caught.value.message) == ("InvalidPasswordException", PREFIX + text)


def test_what_the_policy_does_not_ask_for_is_not_asked_for() -> None:
    check_password("Aa1!aaaa", POLICY)
    check_password("aaaaaa", LAX)


@pytest.mark.parametrize("password", ["", " Aa1!aaaa", "Aa1!aaaa ", "Aa1!aaa\ud800"])
def test_what_is_no_password_is_refused(password: str) -> None:
    with pytest.raises(UserPoolRefused):
        check_password(password, LAX)
