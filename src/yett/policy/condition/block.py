"""A whole Condition element against the request's keys: the definition, one entry at a time.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

from collections.abc import Iterable

from yett.policy.condition.null import wanted_presence
from yett.policy.condition.operators import Comparison, OperatorUse, SetOperator, find_operator
from yett.policy.document import ConditionEntry
from yett.policy.request import RequestContext
from yett.policy.variables import read_template, resolve


def find_unmet(entries: Iterable[ConditionEntry], context: RequestContext, *, version: str) -> ConditionEntry | None:
    """The first entry that does not hold; None when the whole block does."""
    return next((entry for entry in entries if not is_met(entry, context, version=version)), None)


def is_met(entry: ConditionEntry, context: RequestContext, *, version: str) -> bool:
    """Whether one operator holds for one key. An operator we do not know never does (`parse_policy` admits none)."""
    use = find_operator(entry.operator)
    if use is None:
        return False
    actual = context.find(entry.key.lower())
    comparison = use.operator.comparison
    if comparison is None:
        return (actual is not None) in wanted_presence(entry.values)
    if actual is None:
        return holds_when_absent(use)
    if use.set_operator is SetOperator.FOR_ALL_VALUES and not any(actual):
        return True  # nothing but empty text counts as no value at all
    held = (_holds(use, comparison, entry, value, context, version=version) for value in actual)
    return all(held) if use.set_operator is SetOperator.FOR_ALL_VALUES else any(held)


def holds_when_absent(use: OperatorUse) -> bool:
    """What an operator that compares gives for a key that the request has not."""
    if use.if_exists or use.set_operator is SetOperator.FOR_ALL_VALUES:
        return True
    return use.operator.negated and use.set_operator is None


def _holds(
    use: OperatorUse,
    comparison: Comparison,
    entry: ConditionEntry,
    value: str,
    context: RequestContext,
    *,
    version: str,
) -> bool:
    """Whether the operator holds for one value of the request and all the values of the policy.

    # UNCERTAIN: a negated operator under ForAnyValue is read as: some value of the request equals none of the policy's.
    """
    negated = use.operator.negated
    actual = comparison.read_actual(value)
    if actual is None:
        return negated and not comparison.refuses_nonsense
    matched = False
    for text in entry.values:
        template = read_template(text, version=version) if comparison.takes_variables else (text,)
        parts = resolve(template, context)
        if parts is None:
            continue  # a variable without a value matches nothing
        expected = comparison.read_expected(parts)
        if expected is not None:
            matched = matched or comparison.holds(expected, actual)
        elif negated and comparison.refuses_nonsense:
            return False
    return matched is not negated
