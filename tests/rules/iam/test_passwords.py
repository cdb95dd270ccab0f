from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from yett.rules.iam.limits import PASSWORDS_REMEMBERED
from yett.rules.iam.passwords import (
    SYMBOLS,
    LoginProfile,
    PasswordPolicy,
    conforms,
    expires_at,
    remembered,
    with_password,
)
from yett.values.secret import Secret

NOW = datetime(2026, 1, 2, tzinfo=UTC)
PROFILE = LoginProfile(account="123456789012", user_id="AIDA1", created_at=NOW, changed_at=NOW, hash=Secret("hash-0"))
NOBODY: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        ("Abcdefg1", True),
        ("abcdef1!", True),
        ("ABCDEF1!", True),
        ("Abcdefg!", True),
        ("Abcdef1", False),
        ("Abcdefgh", False),
        ("abcdefg1", False),
        ("12345678!", False),
        ("ÄÖÜäöüß1", False),  # letters of the basic Latin alphabet alone count
        ("A1" + "b" * 126, True),
        ("A1" + "b" * 127, False),
    ],
)
def test_aws_s_default_wants_eight_characters_of_three_kinds(password: str, expected: bool) -> None:
    assert conforms(password, None, account_names=NOBODY) is expected


def test_by_default_no_password_is_the_account_s_name_or_address() -> None:
    names = frozenset({"Team-One1", "Ops1@example.com"})
    for password in ("Team-One1", "team-ONE1", "Ops1@example.com"):
        assert not conforms(password, None, account_names=names)
    assert conforms("Team-One12", None, account_names=names)


@pytest.mark.parametrize(
    ("rule", "without", "having"),
    [
        ({"minimum_length": 10}, "aaaaaaaaa", "aaaaaaaaaa"),
        ({"requires_symbols": True}, "aaaaaa~", "aaaaaa-"),
        ({"requires_numbers": True}, "aaaaaa", "aaaaa1"),
        ({"requires_uppercase": True}, "aaaaaa", "aaaaaA"),
        ({"requires_lowercase": True}, "AAAAAA", "AAAAAa"),
    ],
)
def test_each_rule_of_an_account_s_own_policy(rule: dict[str, object], without: str, having: str) -> None:
    policy = PasswordPolicy(**rule)  # type: ignore[arg-type]
    assert not conforms(without, policy, account_names=NOBODY)
    assert conforms(having, policy, account_names=NOBODY)
    assert conforms(without if "minimum_length" not in rule else having, PasswordPolicy(), account_names=NOBODY)


@given(st.text(alphabet="".join(SYMBOLS) + "aA1ä", max_size=140))
def test_what_a_strict_policy_takes_every_weaker_one_takes(password: str) -> None:
    strict = PasswordPolicy(
        minimum_length=12,
        requires_symbols=True,
        requires_numbers=True,
        requires_uppercase=True,
        requires_lowercase=True,
    )
    if conforms(password, strict, account_names=NOBODY):
        assert conforms(password, PasswordPolicy(), account_names=NOBODY)
        assert conforms(password, None, account_names=NOBODY)


def test_the_last_passwords_are_remembered_as_far_as_the_policy_says() -> None:
    profile = PROFILE
    for number in range(1, 30):
        profile = with_password(profile, Secret(f"hash-{number}"), must_reset=False, now=NOW)
    assert len(profile.former) == PASSWORDS_REMEMBERED - 1
    assert remembered(profile, None) == remembered(profile, PasswordPolicy()) == ()
    assert remembered(profile, PasswordPolicy(remembered=1)) == (Secret("hash-29"),)
    assert [each.reveal() for each in remembered(profile, PasswordPolicy(remembered=3))] == [
        "hash-29",
        "hash-28",
        "hash-27",
    ]
    assert len(remembered(profile, PasswordPolicy(remembered=24))) == 24


def test_a_password_expires_so_many_days_after_it_was_set() -> None:
    assert expires_at(NOW, None) is None
    assert expires_at(NOW, PasswordPolicy()) is None
    aged = PasswordPolicy(maximum_age_days=90)
    assert expires_at(PROFILE.changed_at, aged) == NOW + timedelta(days=90)
    later = NOW + timedelta(days=89)
    renewed = with_password(PROFILE, Secret("hash-1"), must_reset=True, now=later)
    assert expires_at(renewed.changed_at, aged) == later + timedelta(days=90)
    assert renewed.must_reset
    assert structs.replace(renewed, must_reset=False).created_at == PROFILE.created_at
