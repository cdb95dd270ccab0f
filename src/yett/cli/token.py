"""`yett token`: verify JSON Web Tokens, without a server; and get one from a server's user pool."""

import json
from base64 import b64encode
from typing import Final

import click

from yett.cli.commands import CommandAt, Commands
from yett.cli.json_lines import (
    Answer,
    UnreadableLine,
    answer_lines,
    find_text,
    read_moment,
    read_text,
    read_texts,
    refused,
)
from yett.tokens import ALGORITHMS, TokenFault, TokenRefused, parse_key_set, verify_claims, verify_jws

# fault -> the error's code
CODES: Final = {fault: "".join(word.capitalize() for word in fault.value.split("_")) for fault in TokenFault}

COMMANDS: Final = {
    "get": CommandAt("yett.cli.token_get", "get", "Print a token of a user pool."),
    "verify": CommandAt("yett.cli.token", "verify_command", "Verify tokens, a JSON object a line."),
}


@click.command(cls=Commands, table=COMMANDS)
def token() -> None:
    """Get and verify user-pool tokens."""


@click.command("verify")
@click.argument("source", metavar="-", type=click.Choice(["-"]), default="-")
def verify_command(source: str) -> None:  # noqa: ARG001
    """Verify tokens: a JSON object a line on standard input, an answer a line on standard output.

    \b
    {"id", "token", "jwks", "now", "algorithms"?, "issuer"?, "audience"?, "token_use"?, "scopes"?, "signature_only"?}

    `algorithms` are those accepted; without it every asymmetric one of RFC 7518 is. With `signature_only` nothing of
    the claims is looked at, and the answer has `payload_base64` in place of `claims`.
    """
    answer_lines(answer_verify)


def answer_verify(members: Answer) -> Answer:
    """The answer to one line of `yett token verify -`."""
    text = read_text(members, "token")
    signature_only = members.get("signature_only", False)
    if not isinstance(signature_only, bool | None):
        raise UnreadableLine("`signature_only` is neither true nor false")
    algorithms = read_texts(members, "algorithms")
    key_set = _read_key_set_text(members)
    audience, scopes = read_texts(members, "audience"), read_texts(members, "scopes")
    issuer, token_use = find_text(members, "issuer"), find_text(members, "token_use")
    now = None if signature_only else read_moment(members, "now")
    try:
        verified = verify_jws(
            text, parse_key_set(key_set), algorithms=ALGORITHMS if algorithms is None else frozenset(algorithms)
        )
        if now is None:
            return {
                "valid": True,
                "header": verified.header,
                "payload_base64": b64encode(verified.payload).decode(),
            }
        claims = verify_claims(
            verified.payload, now=now, issuer=issuer, audience=audience, token_use=token_use, scopes=scopes
        )
    except TokenRefused as refusal:
        return refused(CODES[refusal.fault], refusal.reason)
    return {"valid": True, "header": verified.header, "claims": claims}


def _read_key_set_text(members: Answer) -> str:
    """The key set, which may be an object or its text."""
    key_set = members.get("jwks")
    if isinstance(key_set, str):
        return key_set
    if not isinstance(key_set, dict):
        raise UnreadableLine("`jwks` is no object")
    return json.dumps(key_set)
