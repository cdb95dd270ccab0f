"""`yett sigv4`: verify and make Signature Version 4, without a server."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, TypedDict

import click

from yett.cli.json_lines import (
    Answer,
    UnreadableLine,
    answer_lines,
    find_text,
    read_base64,
    read_moment,
    read_object,
    read_text,
    refused,
)
from yett.sigv4 import (
    Dialect,
    Expectation,
    Fault,
    SignatureRefused,
    SignedRequest,
    SigningKeys,
    check_session_token,
    code_for,
    message_for,
    peek_scope,
    presign,
    read_presented,
    sign,
    verify,
)
from yett.sigv4.limits import IAM_STS_SKEW_SECONDS, SKEW_SECONDS
from yett.values.http import Headers
from yett.values.secret import Secret

SECRETS_REMEMBERED: Final = 4_096

EXECUTE_API: Final = "execute-api"
# IAM and STS allow 15 minutes, and speak the query dialect.
QUERY_SERVICES: Final = frozenset({"iam", "sts"})


class SigningOptions(TypedDict):
    """Whose signature it becomes, for what and when."""

    access_key_id: str
    secret_access_key: Secret
    session_token: Secret | None
    region: str
    service: str
    now: datetime


@click.group()
def sigv4() -> None:
    """Verify and make Signature Version 4 signatures."""


@sigv4.command("verify")
@click.argument("source", metavar="-", type=click.Choice(["-"]), default="-")
def verify_command(source: str) -> None:  # noqa: ARG001
    """Verify signed requests: a JSON object a line on standard input, an answer a line on standard output.

    \b
    {"id", "request": {"method", "target", "headers": [[NAME, VALUE], ...], "body_base64"},
     "credentials": {ACCESS_KEY: {"secret", "session_token"?}}, "now", "service"?, "region"?}
    """
    answer_lines(answer_verify)


@sigv4.command("sign")
@click.argument("source", metavar="-", type=click.Choice(["-"]), default="-")
def sign_command(source: str) -> None:  # noqa: ARG001
    """Sign requests: a JSON object a line on standard input, on standard output the headers to add.

    With `expires_seconds` the request is signed in its query: the answer is the target to ask for.

    \b
    {"id", "request": {"method", "target", "headers": [[NAME, VALUE], ...], "body_base64"},
     "access_key", "secret", "session_token"?, "now"?, "service"?, "region"?, "expires_seconds"?}
    """
    answer_lines(answer_sign)


def answer_verify(members: Answer) -> Answer:
    """The answer to one line of `yett sigv4 verify -`."""
    request = read_request(read_object(members, "request"))
    credentials = read_object(members, "credentials")
    now = read_moment(members, "now")
    scope = peek_scope(request)
    service = find_text(members, "service") or (scope.service if scope else "") or EXECUTE_API
    in_query_dialect = service in QUERY_SERVICES
    expectation = Expectation(
        service=service,
        region=find_text(members, "region"),
        skew_seconds=IAM_STS_SKEW_SECONDS if in_query_dialect else SKEW_SECONDS,
    )
    try:
        presented = read_presented(request, now=now, expectation=expectation)
        if presented is None:
            raise SignatureRefused(fault=Fault.NONE_PRESENT, reason="no signature")
        if presented.access_key_id not in credentials:
            raise SignatureRefused(fault=Fault.SECURITY_TOKEN_INVALID, reason="unknown access key")
        credential = read_object(credentials, presented.access_key_id)
        session_token = find_text(credential, "session_token")
        signing_keys = signing_keys_of(read_text(credential, "secret"))
        check_session_token(presented, session_token=None if session_token is None else Secret(session_token))
        verified = verify(request, presented, signing_keys=signing_keys, now=now, expectation=expectation)
    except SignatureRefused as refusal:
        dialect = Dialect.QUERY if in_query_dialect else Dialect.JSON
        return refused(code_for(refusal, dialect=dialect), message_for(refusal, dialect=dialect))
    return {
        "valid": True,
        "access_key": presented.access_key_id,
        "canonical_request": verified.canonical_request,
        "string_to_sign": verified.string_to_sign,
    }


@lru_cache(maxsize=SECRETS_REMEMBERED)
def signing_keys_of(secret_access_key: str) -> SigningKeys:
    """The signing keys of a secret: lines of one caller follow each other."""
    return SigningKeys(Secret(secret_access_key))


def answer_sign(members: Answer) -> Answer:
    """The answer to one line of `yett sigv4 sign -`."""
    request = read_request(read_object(members, "request"))
    session_token = find_text(members, "session_token")
    expires_seconds = members.get("expires_seconds")
    if expires_seconds is not None and type(expires_seconds) is not int:
        raise UnreadableLine("`expires_seconds` is no whole number")
    keys: SigningOptions = {
        "access_key_id": read_text(members, "access_key"),
        "secret_access_key": Secret(read_text(members, "secret")),
        "session_token": None if session_token is None else Secret(session_token),
        "region": read_text(members, "region", default="us-east-1"),
        "service": read_text(members, "service", default=EXECUTE_API),
        "now": datetime.now(UTC) if members.get("now") is None else read_moment(members, "now"),
    }
    if request.headers.get("host") is None:
        raise UnreadableLine("the request has no `Host` header, which must be signed")
    try:
        if expires_seconds is not None:
            target = f"{request.path}?{presign(request, **keys, expires_seconds=expires_seconds)}"
            return {"target": target.encode("latin-1").decode()}
        return {"headers": [list(line) for line in sign(request, **keys)]}
    except SignatureRefused as refusal:
        code, message = (f(refusal, dialect=Dialect.JSON) for f in (code_for, message_for))
        return {"error": {"code": code, "message": message}}


def read_request(members: Answer) -> SignedRequest:
    """The request of a line; its texts stand for UTF-8 on the wire.

    Raises:
        UnreadableLine: A part is missing or of another type.
    """
    path, _, query = _octets(read_text(members, "target")).partition("?")
    return SignedRequest(
        method=read_text(members, "method"),
        path=path,
        query=query,
        headers=Headers.of(_read_header(line) for line in _read_list(members)),
        body=read_base64(members, "body_base64"),
    )


def _read_list(members: Answer) -> list[Any]:
    lines = members.get("headers", [])
    if not isinstance(lines, list):
        raise UnreadableLine("`headers` is no list")
    return lines


def _read_header(line: object) -> tuple[str, str]:
    match line:
        case [str() as name, str() as value]:
            return _octets(name), _octets(value)
        case _:
            raise UnreadableLine("a header is no pair of texts")


def _octets(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8").decode("latin-1")
