"""Does an Action or NotAction element match: `service:Name`, in any case, with wildcards.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
"""

from yett.policy.document import Patterns
from yett.policy.wildcard import glob

# What an execute-api policy may permit: https://docs.aws.amazon.com/service-authorization/latest/reference/list_apigatewaymanagementapi.html
EXECUTE_API_ACTIONS = ("execute-api:Invoke", "execute-api:InvalidateCache", "execute-api:ManageConnections")


def matches_action(element: Patterns, action: str) -> bool:
    """Whether the element covers *action*, such as ``execute-api:Invoke``."""
    listed = any(glob(pattern.lower()).matches(action.lower()) for pattern in element.values)
    return listed is not element.negated
