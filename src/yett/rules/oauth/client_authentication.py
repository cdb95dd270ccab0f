"""How a client shows who it is: HTTP Basic, or the form.

Source: https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1
"""

import base64
import binascii
from collections.abc import Mapping
from urllib.parse import unquote_plus

from msgspec import Struct

from yett.rules.oauth.errors import ErrorCode, OAuthError
from yett.values.secret import Secret


class ClientEvidence(Struct, frozen=True, kw_only=True):
    """Who the client says it is, and what it shows for it."""

    client_id: str
    secret: Secret | None


def parse_client_evidence(authorization: str | None, form: Mapping[str, str]) -> ClientEvidence:
    """What the request says of its client.

    Raises:
        OAuthError: invalid_request: two methods at once, or they disagree; invalid_client: none, or not to be read.
    """
    if authorization is None:
        if "client_id" not in form:
            raise OAuthError(ErrorCode.INVALID_CLIENT, "the request names no client")
        secret = form.get("client_secret")
        return ClientEvidence(client_id=form["client_id"], secret=None if secret is None else Secret(secret))
    if "client_secret" in form:
        raise OAuthError(ErrorCode.INVALID_REQUEST, "the client authenticates in two ways at once")
    evidence = parse_basic(authorization)
    if form.get("client_id", evidence.client_id) != evidence.client_id:
        raise OAuthError(ErrorCode.INVALID_REQUEST, "the form names another client than the header")
    return evidence


def parse_basic(authorization: str) -> ClientEvidence:
    """Read ``Basic base64(client_id:client_secret)``.

    Raises:
        OAuthError: invalid_client: it is something else.
    """
    scheme, _, encoded = authorization.partition(" ")
    try:
        client_id, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        client_id = colon = secret = ""
    if scheme.lower() != "basic" or not colon or not client_id:
        raise OAuthError(ErrorCode.INVALID_CLIENT, "the Authorization header is no Basic credential")
    return ClientEvidence(client_id=unquote_plus(client_id), secret=Secret(unquote_plus(secret)))


def is_authentic(evidence: ClientEvidence, secret: Secret | None) -> bool:
    """Whether the client shows the secret that it has; a public client has none, and may show none."""
    if secret is None:
        return evidence.secret is None or not evidence.secret.reveal()
    return evidence.secret is not None and evidence.secret == secret
