"""Numeric operators: integers and decimals, compared exactly.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Numeric
"""

import re
from decimal import Decimal
from typing import Final

from yett.policy.limits import NUMBER_CHARACTERS

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")


def read_number(text: str) -> Decimal | None:
    """The number that *text* writes; None where it is none."""
    text = text.strip()
    if len(text) > NUMBER_CHARACTERS or _NUMBER.fullmatch(text) is None:
        return None
    return Decimal(text)
