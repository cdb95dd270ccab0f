import pytest
from tests.rules.cognito_idp.pools import user

from yett.rules.cognito_idp.errors import UserPoolRefused
from yett.rules.cognito_idp.user_filter import parse_user_filter


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", True),
        ('username = "ann"', True),
        ('username="Ann"', False),
        ('email ^= "ann@"', True),
        ('email = "ann@"', False),
        ('"email" = "ann@example.com"', True),
        ('name = "A \\"B\\""', True),
        ('cognito:user_status = "confirmed"', True),
        ('status = "Enabled"', True),
        ('sub = "s-1"', True),
        ('phone_number = ""', False),
    ],
)
def test_filters_take_whom_they_say(text: str, expected: bool) -> None:
    assert parse_user_filter(text)(user(email="ann@example.com", name='A "B"')) is expected


@pytest.mark.parametrize("text", ["email", 'email = ann"', 'custom:x = "1"', 'email != "a"', 'email = "a" or "b"'])
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(UserPoolRefused):
        parse_user_filter(text)
