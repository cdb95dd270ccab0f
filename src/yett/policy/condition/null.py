"""The Null operator: is the key absent.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Null
"""

from collections.abc import Iterable

from yett.policy.condition.boolean import read_boolean


def wanted_presence(values: Iterable[str]) -> frozenset[bool]:
    """Whether the key may be present, may be absent, or either: ``true`` wants it absent, ``false`` present."""
    return frozenset(not wants_absent for wants_absent in map(read_boolean, values) if wants_absent is not None)
