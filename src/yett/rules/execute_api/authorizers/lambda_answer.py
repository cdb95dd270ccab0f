"""What a Lambda authorizer answered: a principal, a policy and a context, or nothing that can be used.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html
"""

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Struct

from yett.policy import CompiledPolicies, Kind, MalformedPolicyDocument, NamedPolicy, compile_policies, parse_policy
from yett.rules.execute_api.plan import INVOKE
from yett.values.errors import Refusal
from yett.values.identity import AuthorizerIdentity
from yett.values.secret import Secret

AUTHORIZER_POLICY: Final = "authorizer policy"  # the name that a trace gives it
MEMBERS: Final = frozenset({"principalId", "policyDocument", "context", "usageIdentifierKey"})
# UNCERTAIN: documented as mandatory, yet field reports call it optional (spec 04, section 4.1). Strict.
IS_PRINCIPAL_ID_MANDATORY: Final = True
REFUSED_WITH_401: Final = "Unauthorized"  # compared in full and with case
UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)  # what is no JSON, or nested too deeply


class InvalidAuthorizerAnswer(Refusal):
    """The answer is no policy that could be enforced. The caller gets a 500; the reason goes to the trace."""


class AuthorizerAnswer(Struct, frozen=True, kw_only=True):
    """A valid answer."""

    identity: AuthorizerIdentity
    policy: CompiledPolicies


def is_unauthorized(payload: bytes) -> bool:
    """Whether a failed function's error message is exactly ``Unauthorized``, which means 401; any other means 500."""
    try:
        error = msgspec.json.decode(payload)
    except UNREADABLE:
        return False
    return isinstance(error, dict) and error.get("errorMessage") == REFUSED_WITH_401


def parse_answer(payload: bytes, *, authorizer_id: str) -> AuthorizerAnswer:
    """Read the function's answer.

    Raises:
        InvalidAuthorizerAnswer: It has a member that is unknown, misses one, or its policy or context is malformed.
    """
    try:
        answer = msgspec.json.decode(payload)
    except UNREADABLE as error:
        raise InvalidAuthorizerAnswer(f"not JSON: {error}") from error
    if not isinstance(answer, dict):
        raise InvalidAuthorizerAnswer("could not parse policy: the answer is no object")
    if unknown := sorted(answer.keys() - MEMBERS):
        raise InvalidAuthorizerAnswer(f'unrecognized field "{unknown[0]}", not marked as ignorable')
    document = answer.get("policyDocument")
    if not isinstance(document, dict):
        raise InvalidAuthorizerAnswer("could not parse policy: `policyDocument` is missing")
    try:
        policy = parse_policy(document, kind=Kind.AUTHORIZER)
    except MalformedPolicyDocument as error:
        raise InvalidAuthorizerAnswer(f"invalid policy document: {error.detail} ({error.path or '/'})") from error
    if not policy.statements:
        raise InvalidAuthorizerAnswer("invalid policy document: it has no statement")
    key = answer.get("usageIdentifierKey")
    return AuthorizerAnswer(
        identity=AuthorizerIdentity(
            authorizer_id=authorizer_id,
            principal_id=_read_principal_id(answer.get("principalId")),
            context=_read_context(answer.get("context")),
            usage_identifier_key=Secret(key) if isinstance(key, str) else None,
        ),
        policy=compile_policies((NamedPolicy(AUTHORIZER_POLICY, policy),), actions=frozenset({INVOKE})),
    )


def _read_principal_id(value: object) -> str:
    match value:
        case str() if value:
            return value
        case int() | float() if not isinstance(value, bool):
            return str(value)  # UNCERTAIN: a number is taken as its text
        case None if not IS_PRINCIPAL_ID_MANDATORY:
            return ""
        case _:
            raise InvalidAuthorizerAnswer("`principalId` is missing or no text")


def _read_context(value: object) -> Mapping[str, str]:
    """The context's values as text: ``1`` becomes "1", ``true`` "true". A list or object makes the whole answer
    invalid.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidAuthorizerAnswer("`context` is no object")
    context: dict[str, str] = {}
    for name, item in value.items():
        match item:
            case str():
                context[name] = item
            case bool():
                context[name] = "true" if item else "false"
            case int() | float():
                context[name] = msgspec.json.encode(item).decode()
            case None:
                continue  # UNCERTAIN: a null counts as absent
            case _:
                raise InvalidAuthorizerAnswer(f"`context.{name}` is a list or an object")
    return context
