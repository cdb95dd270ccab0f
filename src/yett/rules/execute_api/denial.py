"""A denial in AWS's words: whom it names, which resource, and because of which kind of policy.

Source: https://repost.aws/knowledge-center/api-gateway-troubleshoot-403-forbidden, and captures (spec 01, section 3).
"""

from typing import Final

from yett.policy import Decision, Wording, denial_suffix
from yett.rules.execute_api.call import Question, Standing
from yett.rules.execute_api.errors import AccessDenied
from yett.rules.execute_api.plan import INVOKE
from yett.values.arn import Arn
from yett.values.identity import AuthorizerIdentity, IamIdentity

ANONYMOUS_USER: Final = "anonymous"
AUTHORIZER_DENIAL: Final = "User is not authorized to access this resource"


def refuse(question: Question, standing: Standing, decision: Decision, *, wording: Wording) -> AccessDenied:
    """The refusal of a call whose policies do not allow it."""
    match standing.identity:
        case AuthorizerIdentity():
            return AccessDenied(decision, message=AUTHORIZER_DENIAL + denial_suffix(decision, INVOKE, wording=wording))
        case IamIdentity(arn=arn):
            return _refuse_user(arn, question, decision, wording=wording)
        case _:
            return refuse_anonymous(question, decision, wording=wording)


def refuse_anonymous(question: Question, decision: Decision, *, wording: Wording) -> AccessDenied:
    """The refusal of a call whose IAM principal is not known."""
    return _refuse_user(ANONYMOUS_USER, question, decision, wording=wording)


def _refuse_user(user: str, question: Question, decision: Decision, *, wording: Wording) -> AccessDenied:
    resource = Arn.parse(question.arn).render_masked()
    suffix = denial_suffix(decision, INVOKE, wording=wording)
    return AccessDenied(
        decision, message=f"User: {user} is not authorized to perform: {INVOKE} on resource: {resource}{suffix}"
    )
