import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from tests.sigv4.support import SECRET, SECRET_TEXT

from yett.sigv4 import CredentialScope, SigningKeys
from yett.sigv4.signing_key import SigningKey, derive_signing_key

SCOPE = CredentialScope("20150830", "us-east-1", "iam")


def test_the_key_is_the_one_that_aws_prints() -> None:
    # Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html (2015 example)
    assert derive_signing_key(SECRET, SCOPE).hex() == "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"


def test_a_remembered_key_is_the_derived_one() -> None:
    keys = SigningKeys(SECRET)
    for scope in (SCOPE, structs.replace(SCOPE, region="eu-west-1"), SCOPE):
        for text in (b"", b"a", b"a" * 200):
            expected = hmac.digest(derive_signing_key(SECRET, scope), text, "sha256").hex()
            assert keys.get(scope).sign(text) == expected
    assert len(keys) == 2


def test_a_scope_that_was_changed_is_rendered_anew() -> None:
    assert SCOPE.text == "20150830/us-east-1/iam/aws4_request"
    assert structs.replace(SCOPE, service="sts").text == "20150830/us-east-1/sts/aws4_request"


@given(st.binary(max_size=64), st.lists(st.binary(max_size=200)))
def test_a_key_signs_as_hmac_does_however_often(key: bytes, texts: list[bytes]) -> None:
    ready = SigningKey(key)
    assert [ready.sign(text) for text in texts] == [hmac.digest(key, text, "sha256").hex() for text in texts]


def test_a_key_that_would_have_to_be_hashed_is_none() -> None:
    with pytest.raises(ValueError, match="hashed first"):
        SigningKey(b"k" * 65)


def test_the_key_derived_longest_ago_is_dropped_first() -> None:
    keys = SigningKeys(SECRET, 2)
    for region in ("a", "b", "a", "c"):
        keys.get(structs.replace(SCOPE, region=region))
    assert [entry.split("/")[1] for entry in keys._keys] == ["b", "c"]


def test_it_shows_no_secret() -> None:
    keys = SigningKeys(SECRET)
    keys.get(SCOPE)
    assert SECRET_TEXT not in repr(keys)


def test_it_holds_one_at_least() -> None:
    with pytest.raises(ValueError, match="one at least"):
        SigningKeys(SECRET, 0)
