"""JSON Web Tokens, as a library: keys, compact signatures, claims. No clock, no network: both are arguments.

`saml` beside them reads the assertions of SAML; whoever needs it imports it, for it takes a library of its own along.
"""

from yett.tokens.claims import granted_scopes, lifetime, verify_claims
from yett.tokens.errors import TokenFault, TokenRefused
from yett.tokens.jwk import Jwk, KeySet, parse_key_set, read_key_set, render_jwk
from yett.tokens.jws import ALGORITHMS, UnverifiedJws, VerifiedJws, peek, read_jws, sign_jws, verify_jws

__all__ = [
    "ALGORITHMS",
    "Jwk",
    "KeySet",
    "TokenFault",
    "TokenRefused",
    "UnverifiedJws",
    "VerifiedJws",
    "granted_scopes",
    "lifetime",
    "parse_key_set",
    "peek",
    "read_jws",
    "read_key_set",
    "render_jwk",
    "sign_jws",
    "verify_claims",
    "verify_jws",
]
