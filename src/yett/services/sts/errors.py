"""STS's refusals, in AWS's words.

OBSERVED: the texts, in recorded answers of the service (spec 07, section 3.1; spec 08, nos. 33, 34 and 50).
"""

from collections.abc import Mapping
from typing import Final

from yett.policy import Decision, Outcome, Wording, denial_suffix
from yett.rules.sts.errors import Fault, SessionRefused
from yett.services.call import Call, ServiceError

FAULTS: Final[Mapping[Fault, tuple[str, str]]] = {
    Fault.OVER_ROLE_MAXIMUM: (
        "ValidationError",
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    ),
    Fault.OVER_CHAINING_MAXIMUM: (
        "ValidationError",
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
    ),
    Fault.DUPLICATE_TAG_KEY: (
        "InvalidParameterValue",
        "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
    ),
    Fault.RESERVED_TAG_KEY: (  # UNCERTAIN: code and text
        "InvalidParameterValue",
        "aws: prefixed tag key names are not allowed for external use.",
    ),
    Fault.TRANSITIVE_KEY_WITHOUT_TAG: (
        "InvalidParameterValue",
        "The specified transitive tag key must be included in the requested tags.",
    ),
    Fault.TRANSITIVE_KEY_CONFLICT: (
        "InvalidParameterValue",
        "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the "
        "calling session.",
    ),
    Fault.PACKED_TOO_LARGE: ("PackedPolicyTooLarge", "Packed size of session tags or policies is too large."),
}


def session_refused(error: SessionRefused) -> ServiceError:
    """A rule's refusal, as AWS's error."""
    code, message = FAULTS[error.fault]
    return ServiceError(code, message, status=400)


def validation_error(message: str) -> ServiceError:
    """400."""
    return ServiceError("ValidationError", message, status=400)


def access_denied(message: str) -> ServiceError:
    """403."""
    return ServiceError("AccessDenied", message, status=403)


def not_authorized(call: Call, action: str, resource: str, decision: Decision | None = None) -> ServiceError:
    """The caller may not: an unknown role and one that does not trust the caller are told alike."""
    caller = "anonymous" if call.caller is None else call.caller.identity.arn
    suffix = ""
    if decision is not None and decision.outcome is Outcome.EXPLICIT_DENY:
        wording = Wording.CURRENT if call.ports.settings.denial_wording_is_current else Wording.LEGACY
        suffix = denial_suffix(decision, action, wording=wording)
    return access_denied(f"User: {caller} is not authorized to perform: {action} on resource: {resource}{suffix}")
