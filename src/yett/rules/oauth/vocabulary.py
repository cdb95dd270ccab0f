"""Requests to OAuth endpoints as forms: each parameter once.

Source: https://www.rfc-editor.org/rfc/rfc6749#section-3.2
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from yett.rules.oauth.errors import ErrorCode, OAuthError
from yett.rules.oauth.limits import FORM_BYTES, FORM_FIELDS

FORM: Final = "application/x-www-form-urlencoded"


def parse_form(content_type: str | None, body: bytes) -> Mapping[str, str]:
    """The parameters of a form; empty ones count as left out.

    Raises:
        OAuthError: invalid_request: no form, too large, not UTF-8, or a parameter comes twice.
    """
    if (content_type or "").partition(";")[0].strip().lower() != FORM:
        raise OAuthError(ErrorCode.INVALID_REQUEST, "the body is no form")
    if len(body) > FORM_BYTES:
        raise OAuthError(ErrorCode.INVALID_REQUEST, "the form is too large")
    try:
        pairs = parse_qsl(body.decode("ascii"), max_num_fields=FORM_FIELDS, errors="strict")
    except ValueError as error:
        raise OAuthError(ErrorCode.INVALID_REQUEST, "the form cannot be read") from error
    form = dict(pairs)
    if len(form) != len(pairs):
        raise OAuthError(ErrorCode.INVALID_REQUEST, "a parameter comes twice")
    return form
