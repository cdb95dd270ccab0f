import base64
import hashlib

import pytest
from tests.execute_api.support import Gateway, make_caller, said
from tests.rules.execute_api.support import method, resource

BOB = make_caller({})


def gateway() -> Gateway:
    return Gateway(resource("/pets", method()), callers=(BOB,))


@pytest.mark.parametrize(("verb", "path"), [("GET", "/none"), ("POST", "/pets"), ("HEAD", "/pets"), ("GET", "/")])
async def test_without_evidence_a_call_of_nothing_misses_its_token(verb: str, path: str) -> None:
    """08 no. 1."""
    door = gateway()
    expected = (403, "MissingAuthenticationTokenException", "Missing Authentication Token")
    assert said(await door.call(verb, path)) == expected
    assert door.explain()["outcome"] == "unauthenticated"
    assert "has no method" in door.explain()["steps"][0]["detail"]


async def test_what_is_no_signature_is_quoted_by_its_hash() -> None:
    """08 no. 39."""
    door = gateway()
    header = "Bearer xyz"
    digest = base64.b64encode(hashlib.sha256(header.encode()).digest()).decode()
    status, kind, message = said(await door.call("GET", "/none", ("Authorization", header)))
    assert (status, kind) == (403, "IncompleteSignatureException")
    assert message == (
        "Invalid key=value pair (missing equal-sign) in Authorization header "
        f"(hashed with SHA-256 and encoded with Base64): '{digest}'."
    )


async def test_pairs_that_are_no_signature_are_told_what_they_lack() -> None:
    """08 no. 2."""
    status, kind, message = said(await gateway().call("GET", "/none", ("Authorization", "Bearer a=b")))
    assert (status, kind) == (403, "IncompleteSignatureException")
    assert message.startswith("Authorization header requires 'Credential' parameter.")


async def test_a_good_signature_finds_nothing_and_a_bad_one_is_bad() -> None:
    door = gateway()
    assert said(await door.answer(door.signed(BOB, "GET", "/none"))) == (404, "ResourceNotFoundException", "Not Found")
    assert door.explain()["outcome"] == "error"
    status, kind, _ = said(await door.answer(door.signed(make_caller(name="eve"), "GET", "/none")))
    assert (status, kind) == (403, "UnrecognizedClientException")
