"""The Bool operator.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Boolean
"""

from yett.policy.condition.string import Parts
from yett.policy.variables import as_text


def read_boolean(text: str) -> bool | None:
    """What ``true`` or ``false``, in any case, says; None for any other text."""
    match text.lower():
        case "true":
            return True
        case "false":
            return False
        case _:
            return None


def read_boolean_parts(parts: Parts) -> bool | None:
    """The same of a policy's value, in which variables are replaced."""
    return read_boolean(as_text(parts))
