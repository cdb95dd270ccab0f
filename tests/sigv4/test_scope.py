import pytest

from yett.sigv4 import CredentialScope, Fault, SignatureRefused


def test_a_credential_is_an_access_key_id_and_a_scope() -> None:
    access_key_id, scope = CredentialScope.parse_credential("AKID/20150830/us-east-1/iam/aws4_request")
    assert (access_key_id, scope) == ("AKID", CredentialScope("20150830", "us-east-1", "iam"))
    assert scope.render() == "20150830/us-east-1/iam/aws4_request"


@pytest.mark.parametrize("text", ["", "AKID", "a/b/c/d", "a/b/c/d/e/f"])
def test_a_credential_has_five_parts(text: str) -> None:
    with pytest.raises(SignatureRefused) as refusal:
        CredentialScope.parse_credential(text)
    assert (refusal.value.fault, refusal.value.detail) == (Fault.CREDENTIAL, text)
