"""The resource policy of an API: parsed, its short forms expanded, kept as compact JSON.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-examples.html
"""

import json
from typing import Any, Final

from yett.policy import Kind, MalformedPolicyDocument, parse_policy
from yett.rules.apigateway.errors import BadRequest
from yett.rules.apigateway.limits import RESOURCE_POLICY_CHARACTERS

# OBSERVED in reports: one text for every fault (spec 03, section 8).
INVALID: Final = "Invalid policy document. Please check the policy syntax and ensure that Principals are valid."
SHORT_FORM: Final = "execute-api:/"


def parse_resource_policy(text: str, *, partition: str, region: str, account: str, api_id: str) -> str | None:
    """The policy as it is kept; None for an empty text, which removes it.

    Raises:
        BadRequest: It is no policy, names no principal, or is too long.
    """
    if not text.strip():
        return None
    try:
        document = json.loads(unescaped(text))
    except ValueError as error:
        raise BadRequest(INVALID) from error
    if not isinstance(document, dict):
        raise BadRequest(INVALID)
    expand(document, f"arn:{partition}:execute-api:{region}:{account}:{api_id}/")
    kept = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    if len(kept) > RESOURCE_POLICY_CHARACTERS:
        # UNCERTAIN: the rest of AWS's text was never seen.
        raise BadRequest(f"Resource policy exceeds {RESOURCE_POLICY_CHARACTERS} characters")
    try:
        parse_policy(kept, kind=Kind.RESOURCE)
    except MalformedPolicyDocument as error:
        raise BadRequest(INVALID) from error
    return kept


def unescaped(text: str) -> str:
    """The text, or what it reads if it comes in the escaping in which AWS gives policies back."""
    if text.lstrip().startswith('{\\"'):
        return str(json.loads(f'"{text.strip()}"'))
    return text


def expand(document: dict[str, Any], prefix: str) -> None:
    """Write every ``execute-api:/…`` of Resource and NotResource out in full."""
    statements = document.get("Statement")
    for statement in statements if isinstance(statements, list) else [statements]:
        if not isinstance(statement, dict):
            continue
        for element in ("Resource", "NotResource"):
            match statement.get(element):
                case str(one):
                    statement[element] = expanded(one, prefix)
                case list(several):
                    statement[element] = [expanded(one, prefix) if isinstance(one, str) else one for one in several]
                case _:
                    pass


def expanded(resource: str, prefix: str) -> str:
    """``execute-api:/*`` as ``arn:aws:execute-api:us-east-1:123456789012:abc123/*``."""
    return prefix + resource[len(SHORT_FORM) :] if resource.startswith(SHORT_FORM) else resource


def escape(policy: str) -> str:
    """The policy as the control plane's ``policy`` member shows it: quotes and slashes escaped once more.

    OBSERVED (spec 03, section 9).
    """
    return json.dumps(policy, ensure_ascii=False)[1:-1].replace("/", "\\/")
