"""Secure Remote Password as user pools speak it: 3072 bits, SHA-256, and a key derivation of their own.

The group is the 3072-bit one of RFC 3526. Random numbers are arguments. Source: the public clients
(https://github.com/aws-amplify/amplify-js) and spec 05, C2.
"""

import base64
import hashlib
import hmac
import re
from typing import Final

# https://www.rfc-editor.org/rfc/rfc3526#section-4
N: Final = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7"
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C"
    "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    16,
)
G: Final = 2
PUBLIC_VALUE: Final = re.compile(r"[0-9A-Fa-f]{1,1024}")
INFO: Final = b"Caldera Derived Key\x01"


def padded(number: int) -> bytes:
    """The number's bytes as the clients hash them: big-endian, with a zero byte before a set first bit."""
    digits = f"{number:x}"
    if len(digits) % 2:
        digits = f"0{digits}"
    if int(digits[0], 16) >= 8:
        digits = f"00{digits}"
    return bytes.fromhex(digits)


def hashed(*parts: bytes) -> int:
    """SHA-256 over the parts, as a number."""
    return int.from_bytes(hashlib.sha256(b"".join(parts)).digest(), "big")


K: Final = hashed(padded(N), padded(G))


def pool_name(pool_id: str) -> str:
    """The part of a pool id that the clients hash: ``AbCdEfGhI`` of ``us-east-1_AbCdEfGhI``."""
    return pool_id.partition("_")[2]


def private_exponent(pool_id: str, username: str, password: str, salt: int) -> int:
    """The number x that only the password gives."""
    inner = hashlib.sha256(f"{pool_name(pool_id)}{username}:{password}".encode()).digest()
    return hashed(padded(salt), inner)


def compute_verifier(pool_id: str, username: str, password: str, salt: int) -> int:
    """What is kept of a password: g to the x."""
    return pow(G, private_exponent(pool_id, username, password, salt), N)


def server_public(verifier: int, secret_b: int) -> int:
    """The number B that the server sends."""
    return (K * verifier + pow(G, secret_b, N)) % N


def parse_client_public(text: str) -> int | None:
    """Read SRP_A; None if it is no number, too long, or zero modulo N, with which any password would do."""
    if PUBLIC_VALUE.fullmatch(text) is None:
        return None
    number = int(text, 16)
    return number if number % N else None


def session_key(client_public: int, public_b: int, secret_b: int, verifier: int) -> bytes | None:
    """The sixteen bytes that both sides come to; None where u is zero, which no honest pair meets."""
    u = hashed(padded(client_public), padded(public_b))
    if u == 0:
        return None
    shared = pow(client_public * pow(verifier, u, N), secret_b, N)
    derived = hmac.digest(padded(u), padded(shared), "sha256")
    return hmac.digest(derived, INFO, "sha256")[:16]


def claim_signature(key: bytes, pool_id: str, username: str, secret_block: bytes, timestamp: str) -> str:
    """PASSWORD_CLAIM_SIGNATURE: proof that the client has the same key."""
    message = pool_name(pool_id).encode() + username.encode() + secret_block + timestamp.encode("utf-8", "replace")
    return base64.b64encode(hmac.digest(key, message, "sha256")).decode()
