"""What a caller has to bring to a method, in words."""

from yett.rules.execute_api.call import Question
from yett.rules.execute_api.deployment import AuthorizationType, AuthorizerType


def wanted(question: Question) -> str | None:
    """The evidence that a method asks for; None where it asks for none."""
    match question.method.authorization_type:
        case AuthorizationType.NONE:
            return None
        case AuthorizationType.AWS_IAM:
            return f"a Signature Version 4 for service execute-api in {question.plan.region}"
        case AuthorizationType.CUSTOM | AuthorizationType.COGNITO_USER_POOLS:
            return wanted_token(question)


def wanted_token(question: Question) -> str | None:
    """What the method's authorizer asks for; None where it has none."""
    authorizer, scopes = question.method.authorizer, question.method.scopes
    if authorizer is None:
        return None
    if authorizer.type is not AuthorizerType.COGNITO_USER_POOLS:
        return f"whoever authorizer {authorizer.name} lets in"
    pools = ", ".join(sorted(arn.rpartition("/")[2] for arn in authorizer.pool_arns))
    if scopes:
        return f"an access token of user pool {pools} with scope {' or '.join(scopes)}"
    return f"an ID token of user pool {pools}"
