"""The client's side: the headers, or the query, that sign a request."""

import hmac
from datetime import datetime
from typing import Final

from yett.sigv4.canonical_request import SIGNATURE_PARAMETER, SignedRequest, canonical_requests, encode, octets
from yett.sigv4.errors import ALGORITHM
from yett.sigv4.scope import CredentialScope
from yett.sigv4.signing_key import derive_signing_key
from yett.sigv4.string_to_sign import string_to_sign
from yett.values.http import Headers
from yett.values.secret import Secret
from yett.values.timestamps import render_basic

# Hop-by-hop headers and those that proxies change are never signed.
# Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
UNSIGNED_HEADERS: Final = frozenset(
    {
        "authorization",
        "connection",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "x-amzn-trace-id",
    }
)
MADE_HERE: Final = ("authorization", "x-amz-date", "x-amz-security-token")


def sign(
    request: SignedRequest,
    *,
    access_key_id: str,
    secret_access_key: Secret,
    session_token: Secret | None,
    region: str,
    service: str,
    now: datetime,
) -> Headers:
    """Make the headers that sign *request*: ``X-Amz-Date``, ``Authorization``, ``X-Amz-Security-Token`` with a token.

    They replace any lines of these names that the request has. The request has its ``Host`` already.

    Raises:
        ValueError: It has none.
        SignatureRefused: Its path or query is malformed.
    """
    if request.headers.get("host") is None:
        raise ValueError("a request without a host cannot be signed")
    timestamp = render_basic(now)
    added = [("X-Amz-Date", timestamp)]
    if session_token is not None:
        added.append(("X-Amz-Security-Token", session_token.reveal()))
    headers = Headers((*request.headers.without(*MADE_HERE), *added))
    signed_headers = sorted(headers.names() - UNSIGNED_HEADERS)
    scope = CredentialScope(timestamp[:8], region, service)
    signature = _sign(
        SignedRequest(request.method, request.path, request.query, headers, request.body),
        signed_headers,
        secret_access_key=secret_access_key,
        timestamp=timestamp,
        scope=scope,
    )
    authorization = (
        f"{ALGORITHM} Credential={access_key_id}/{scope.render()}, SignedHeaders={';'.join(signed_headers)}, "
        f"Signature={signature}"
    )
    return Headers((*added, ("Authorization", authorization)))


def presign(
    request: SignedRequest,
    *,
    access_key_id: str,
    secret_access_key: Secret,
    session_token: Secret | None,
    region: str,
    service: str,
    now: datetime,
    expires_seconds: int,
) -> str:
    """Make the query that signs *request*: its own parameters, then those of the signature. It has its ``Host``.

    *expires_seconds* is signed like any parameter; execute-api and STS do not look at it.

    Raises:
        ValueError: It has no host.
        SignatureRefused: Its path or query is malformed.
    """
    if request.headers.get("host") is None:
        raise ValueError("a request without a host cannot be signed")
    timestamp = render_basic(now)
    scope = CredentialScope(timestamp[:8], region, service)
    signed_headers = sorted(request.headers.names() - UNSIGNED_HEADERS - set(MADE_HERE))
    added = [
        ("X-Amz-Algorithm", ALGORITHM),
        ("X-Amz-Credential", f"{access_key_id}/{scope.render()}"),
        ("X-Amz-Date", timestamp),
        ("X-Amz-Expires", str(expires_seconds)),
        ("X-Amz-SignedHeaders", ";".join(signed_headers)),
    ]
    if session_token is not None:
        added.append(("X-Amz-Security-Token", session_token.reveal()))
    query = "&".join(filter(None, (request.query, *(f"{name}={encode(value)}" for name, value in added))))
    signature = _sign(
        SignedRequest(request.method, request.path, query, request.headers, request.body),
        signed_headers,
        secret_access_key=secret_access_key,
        timestamp=timestamp,
        scope=scope,
    )
    return f"{query}&{SIGNATURE_PARAMETER}={signature}"


def _sign(
    request: SignedRequest,
    signed_headers: list[str],
    *,
    secret_access_key: Secret,
    timestamp: str,
    scope: CredentialScope,
) -> str:
    canonical_request = next(canonical_requests(request, signed_headers, without_signature=False))
    signed = string_to_sign(octets(canonical_request), timestamp=timestamp, scope=scope)
    return hmac.digest(derive_signing_key(secret_access_key, scope), signed.encode(), "sha256").hex()
