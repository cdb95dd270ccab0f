"""Before a Lambda authorizer is asked: the resource policy's explicit denies, which spare the function a call.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html
"""

from yett.policy import Wording
from yett.rules.execute_api.authorization_flow import screen_denies
from yett.rules.execute_api.call import Routed, Screened
from yett.rules.execute_api.denial import refuse_anonymous


def screen(routed: Routed, *, wording: Wording) -> Screened:
    """Let a call through that no explicit deny of the resource policy meets.

    Raises:
        AccessDenied: One does, weighed for an anonymous caller.
    """
    if (decision := screen_denies(routed.question)) is not None:
        raise refuse_anonymous(routed.question, decision, wording=wording)
    return Screened(routed)
