"""One Decision, from what is now known."""

from typing import Final

from yett.policy import Outcome, Wording
from yett.rules.execute_api.authorization_flow import decide_call
from yett.rules.execute_api.call import Authenticated, Authorized
from yett.rules.execute_api.denial import refuse

ALLOW: Final = Outcome.ALLOW


def authorize(authenticated: Authenticated, *, wording: Wording) -> Authorized:
    """Let a call through that the policies allow.

    Raises:
        AccessDenied: They do not: it carries the decision and AWS's text for it.
    """
    routed, standing = authenticated.routed, authenticated.standing
    decision = decide_call(routed.question, standing)
    if decision.outcome is not ALLOW:
        raise refuse(routed.question, standing, decision, wording=wording)
    return Authorized(routed, standing, decision)
