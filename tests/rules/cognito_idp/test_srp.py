import base64

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.services.cognito_idp.test_auth import SrpClient

from yett.rules.cognito_idp.srp import (
    G,
    N,
    claim_signature,
    compute_verifier,
    padded,
    parse_client_public,
    server_public,
    session_key,
)

POOL_ID = "us-east-1_AbCdEfGhI"
EXPONENTS = st.integers(min_value=2**200, max_value=2**300)


def arctan_of_inverse(number: int, unity: int) -> int:
    total, term, divisor = 0, unity // number, 1
    while term:
        total += term // divisor if divisor % 4 == 1 else -(term // divisor)
        term, divisor = term // number**2, divisor + 2
    return total


def test_the_group_is_that_of_the_formula_of_rfc_3526() -> None:
    # https://www.rfc-editor.org/rfc/rfc3526#section-4, with pi by Machin's formula
    unity = 1 << 3200
    pi = 4 * (4 * arctan_of_inverse(5, unity) - arctan_of_inverse(239, unity))
    assert 2**3072 - 2**3008 - 1 + 2**64 * ((pi >> (3200 - 2942)) + 1690314) == N
    assert (SrpClient.n, 2) == (N, G)


@settings(max_examples=15, deadline=None)
@given(EXPONENTS, EXPONENTS, st.integers(1, 2**128 - 1), st.text("abcXYZ123!$é", min_size=1, max_size=12))
def test_an_independent_client_comes_to_the_same_proof(a: int, b: int, salt: int, password: str) -> None:
    client = SrpClient(a)
    verifier = compute_verifier(POOL_ID, "ann", password, salt)
    public_b = server_public(verifier, b)
    key = session_key(client.public, public_b, b, verifier)
    assert key is not None
    given = {
        "SALT": f"{salt:x}",
        "SRP_B": f"{public_b:x}",
        "SECRET_BLOCK": base64.b64encode(b"block").decode(),
        "USER_ID_FOR_SRP": "ann",
    }
    proof = client.answer(POOL_ID, password, given, "now")["PASSWORD_CLAIM_SIGNATURE"]
    assert proof == claim_signature(key, POOL_ID, "ann", b"block", "now")
    other = client.answer(POOL_ID, password + "x", given, "now")["PASSWORD_CLAIM_SIGNATURE"]
    assert other != proof


@given(st.integers(min_value=0, max_value=2**64))
def test_padding_reads_back_and_never_looks_negative(number: int) -> None:
    found = padded(number)
    assert int.from_bytes(found, "big") == number
    assert found[0] < 0x80


def test_zero_modulo_n_is_no_public_value() -> None:
    for text in ("0", f"{N:x}", f"{3 * N:x}", "", "g", "-1", "1" * 2000, "0x10", "1_0"):
        assert parse_client_public(text) is None, text
    assert parse_client_public("10") == 16
