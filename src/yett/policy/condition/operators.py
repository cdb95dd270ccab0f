"""The table of condition operators: what each reads, compares and negates.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_multi-value-conditions.html
"""

import operator
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct

from yett.policy.condition import arn, binary, boolean, date, ip_address, numeric, string
from yett.policy.variables import as_text


class SetOperator(StrEnum):
    """How a key with several values is looked at."""

    FOR_ALL_VALUES = "ForAllValues"
    FOR_ANY_VALUE = "ForAnyValue"


class Comparison(Struct, frozen=True):
    """How one value of the policy and one of the request are read and compared; the readers give None for nonsense."""

    read_expected: Callable[[string.Parts], Any]
    read_actual: Callable[[str], Any]
    holds: Callable[[Any, Any], bool]
    takes_variables: bool
    # A number or a date that is none makes the condition false even where the operator negates (spec 03, section 3.4).
    refuses_nonsense: bool = False


class Operator(Struct, frozen=True):
    """A row of the table. A negated operator holds when its comparison holds for none of the policy's values."""

    name: str
    comparison: Comparison | None  # None: Null, which compares nothing
    negated: bool = False


class OperatorUse(Struct, frozen=True):
    """An operator as a policy writes it: ``ForAllValues:StringLikeIfExists``."""

    operator: Operator
    set_operator: SetOperator | None
    if_exists: bool


def _same(text: str) -> str:
    return text


def _numbers(holds: Callable[[Any, Any], bool]) -> Comparison:
    return Comparison(lambda parts: numeric.read_number(as_text(parts)), numeric.read_number, holds, False, True)


def _dates(holds: Callable[[Any, Any], bool]) -> Comparison:
    return Comparison(lambda parts: date.read_date(as_text(parts)), date.read_date, holds, False, True)


EXACT: Final = Comparison(string.read_exact, _same, string.equals, True)
FOLDED: Final = Comparison(string.read_folded, _same, string.equals_folded, True)
LIKE: Final = Comparison(string.read_pattern, _same, string.is_like, True)
# UNCERTAIN: AWS's page of operators lets Bool take variables, its page of variables does not.
BOOLEAN: Final = Comparison(boolean.read_boolean_parts, boolean.read_boolean, operator.eq, True)
BYTES: Final = Comparison(lambda parts: binary.read_bytes(as_text(parts)), binary.read_bytes, operator.eq, False)
ADDRESS: Final = Comparison(
    lambda parts: ip_address.read_range(as_text(parts)), ip_address.read_address, ip_address.contains, False
)
ARN: Final = Comparison(arn.read_arn_pattern, arn.read_arn_parts, arn.is_arn_like, True)

# Orders compare expected with actual: a request's 5 is NumericLessThan a policy's 10.
_TABLE: Final = (
    Operator("StringEquals", EXACT),
    Operator("StringNotEquals", EXACT, negated=True),
    Operator("StringEqualsIgnoreCase", FOLDED),
    Operator("StringNotEqualsIgnoreCase", FOLDED, negated=True),
    Operator("StringLike", LIKE),
    Operator("StringNotLike", LIKE, negated=True),
    Operator("NumericEquals", _numbers(operator.eq)),
    Operator("NumericNotEquals", _numbers(operator.eq), negated=True),
    Operator("NumericLessThan", _numbers(operator.gt)),
    Operator("NumericLessThanEquals", _numbers(operator.ge)),
    Operator("NumericGreaterThan", _numbers(operator.lt)),
    Operator("NumericGreaterThanEquals", _numbers(operator.le)),
    Operator("DateEquals", _dates(operator.eq)),
    Operator("DateNotEquals", _dates(operator.eq), negated=True),
    Operator("DateLessThan", _dates(operator.gt)),
    Operator("DateLessThanEquals", _dates(operator.ge)),
    Operator("DateGreaterThan", _dates(operator.lt)),
    Operator("DateGreaterThanEquals", _dates(operator.le)),
    Operator("Bool", BOOLEAN),
    Operator("BinaryEquals", BYTES),
    Operator("IpAddress", ADDRESS),
    Operator("NotIpAddress", ADDRESS, negated=True),
    Operator("ArnEquals", ARN),
    Operator("ArnLike", ARN),
    Operator("ArnNotEquals", ARN, negated=True),
    Operator("ArnNotLike", ARN, negated=True),
    Operator("Null", None),
)
OPERATORS: Final = {row.name: row for row in _TABLE}

IF_EXISTS: Final = "IfExists"
_SET_OPERATORS: Final = {member.value: member for member in SetOperator}


def find_operator(name: str) -> OperatorUse | None:
    """Read an operator's name, with its prefix and suffix; None for a name that is none.

    # UNCERTAIN: whether the case of the name matters; taken as written.
    """
    head, colon, plain = name.rpartition(":")
    set_operator: SetOperator | None = None
    if colon:
        set_operator = _SET_OPERATORS.get(head)
        if set_operator is None:
            return None
    row = OPERATORS.get(plain.removesuffix(IF_EXISTS))
    if_exists = plain.endswith(IF_EXISTS)
    if row is None or (row.comparison is None and (if_exists or set_operator is not None)):
        return None
    return OperatorUse(row, set_operator, if_exists)
