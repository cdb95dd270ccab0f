import pytest
from tests.sigv4.support import SECRET, SECRET_TEXT

from yett.sigv4 import CredentialScope, SigningKeys
from yett.sigv4.signing_key import derive_signing_key
from yett.values.secret import Secret

SCOPE = CredentialScope("20150830", "us-east-1", "iam")


def test_the_key_is_the_one_that_aws_prints() -> None:
    # Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html (2015 example)
    assert derive_signing_key(SECRET, SCOPE).hex() == "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"


def test_a_remembered_key_is_the_derived_one() -> None:
    keys = SigningKeys()
    for secret in (SECRET, Secret("another"), SECRET):
        assert keys.derive(secret, SCOPE) == derive_signing_key(secret, SCOPE)
    assert len(keys) == 2


def test_the_key_used_longest_ago_is_dropped_first() -> None:
    keys = SigningKeys(2)
    for text in ("a", "b", "a", "c"):
        keys.derive(Secret(text), SCOPE)
    assert [entry[0] for entry in keys._keys] == ["a", "c"]


def test_it_shows_no_secret() -> None:
    keys = SigningKeys()
    keys.derive(SECRET, SCOPE)
    assert SECRET_TEXT not in repr(keys)


def test_it_holds_one_at_least() -> None:
    with pytest.raises(ValueError, match="one at least"):
        SigningKeys(0)
