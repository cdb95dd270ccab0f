"""The fast twin of `evaluate`, for policies that are asked again and again.

Everything that does not depend on the request is done once: statements that can never apply are dropped, patterns and
condition values are read, and statements are found by their resource instead of being tried one after another.
"""

from collections.abc import Callable, Iterable, Sequence

from yett.policy.condition.block import holds_when_absent
from yett.policy.condition.null import wanted_presence
from yett.policy.condition.operators import EXACT, Comparison, OperatorUse, SetOperator, find_operator
from yett.policy.document import ConditionEntry, Effect, NamedPolicy, Patterns, Statement, StatementRef, reference
from yett.policy.evaluate import SILENT, Evaluation, Outcome
from yett.policy.index import Candidate, Condition, Equality, IndexBuilder, Rule
from yett.policy.principal import match_principal, read_names
from yett.policy.request import ANYONE, NO_CONTEXT, AuthorizationRequest, Grant, RequestContext
from yett.policy.variables import is_fixed, read_template, resolve
from yett.policy.wildcard import glob


class CompiledPolicies:
    """Policies of one kind, in the form that answers fastest. Build with `compile_policies`."""

    __slots__ = ("_actions", "_allows", "_denies", "_name_principals", "_settled", "sources", "statements")

    def __init__(
        self,
        rules: Iterable[tuple[Rule, Statement, str]],
        actions: frozenset[str] | None,
        sources: tuple[NamedPolicy, ...],
    ) -> None:
        self._actions = actions
        self.sources = sources  # as given, for whoever wants a trace
        self._name_principals = False
        allows, denies = IndexBuilder(), IndexBuilder()
        kept = tuple(rules)
        for rule, statement, version in kept:
            (denies if statement.effect is Effect.DENY else allows).add(rule, statement.resource, version)
            self._name_principals = self._name_principals or rule.principal_names is not None
        self._allows = allows.build()
        self._denies = denies.build() if denies else None
        self._settled = _settle(kept, actions or ())
        self.statements = len(kept)  # those that were kept

    def evaluate(self, request: AuthorizationRequest) -> Evaluation:
        """What `evaluate` says of the same policies.

        Raises:
            ValueError: The policies were compiled for other actions, so nobody knows.
        """
        action = request.action.lower()
        settled = self._settled.get(action)
        if settled is not None:
            return settled
        if self._actions is not None and action not in self._actions:
            raise ValueError(f"compiled without the action `{action}`")
        if self._denies is not None:
            for candidate in self._denies.find(request):
                if _applies(candidate, action, request) is not None:
                    return candidate.rule.verdict
        best = SILENT
        for candidate in self._allows.find(request):
            verdict = _applies(candidate, action, request)
            if verdict is None:
                continue
            if verdict.grant is Grant.DIRECT or not self._name_principals:
                return verdict  # none that comes later can be more direct
            if best is SILENT or (verdict.grant or 0) > (best.grant or 0):
                best = verdict
        return best


def compile_policies(documents: Iterable[NamedPolicy], *, actions: frozenset[str] | None) -> CompiledPolicies:
    """Compile policies of one kind; if *actions* are given, only these may be asked about."""
    asked = None if actions is None else frozenset(action.lower() for action in actions)
    rules: list[tuple[Rule, Statement, str]] = []
    sources = tuple(documents)
    seen: set[tuple[object, ...]] = set()  # of equal statements the first is named, so the others never matter
    for policy in sources:
        version = policy.document.version
        for statement in policy.document.statements:
            content = (version, statement.effect, statement.principal, statement.action, statement.resource)
            if (*content, statement.conditions) in seen:
                continue
            seen.add((*content, statement.conditions))
            covers = _compile_actions(statement.action, asked)
            if covers is not False:
                test = None if covers is True else covers
                ref = reference(policy, statement)
                rules.append((_compile_statement(len(rules), ref, statement, version, test), statement, version))
    return CompiledPolicies(rules, asked, sources)


def _settle(rules: Sequence[tuple[Rule, Statement, str]], actions: Iterable[str]) -> dict[str, Evaluation]:
    """What is said of an action whatever else is asked: where no statement is about it, or the first that is allows it
    without asking anything, and none denies it.
    """
    settled: dict[str, Evaluation] = {}
    for action in actions:
        about = [each for each in rules if each[0].actions is None or each[0].actions(action)]
        if not about:
            settled[action] = SILENT
        elif all(rule.effect is Effect.ALLOW for rule, _, _ in about) and _asks_nothing(*about[0][:2]):
            settled[action] = about[0][0].verdict
    return settled


def _asks_nothing(rule: Rule, statement: Statement) -> bool:
    """Whether the statement applies to whatever is asked about its actions."""
    element = statement.resource
    covers_everything = element is None or (not element.negated and "*" in element.values)
    return covers_everything and rule.principal_names is None and not (rule.equalities or rule.conditions)


def _applies(candidate: Candidate, action: str, request: AuthorizationRequest) -> Evaluation | None:
    """The verdict of the candidate's statement; None where it does not apply."""
    rule, context = candidate.rule, request.context
    for equality in rule.equalities:
        values = context.find(equality.key)
        if values is None or equality.values.isdisjoint(values):
            return None
    if candidate.pattern is not None and not candidate.pattern(request.resource):
        return None
    if candidate.resource is not None and not candidate.resource(request.resource, context):
        return None
    if rule.actions is not None and not rule.actions(action):
        return None
    verdict = rule.verdict
    if rule.principal_names is not None:
        principal, negated = request.principal, rule.principal_negated
        if not negated and rule.principal_names.isdisjoint(principal.names):
            return None
        grant = match_principal(rule.principal_names, principal, negated=negated, effect=rule.effect)
        if grant is None:
            return None
        verdict = rule.by_grant[grant]
    for condition in rule.conditions:
        values = context.find(condition.key)
        if values is None:
            if not condition.when_absent:
                return None
        elif not condition.when_present(values, context):
            return None
    return verdict


def _compile_statement(
    ordinal: int, ref: StatementRef, statement: Statement, version: str, actions: Callable[[str], bool] | None
) -> Rule:
    outcome = Outcome.ALLOW if statement.effect is Effect.ALLOW else Outcome.EXPLICIT_DENY
    allowed = statement.effect is Effect.ALLOW
    element = statement.principal
    equalities = {entry: equality for entry in statement.conditions if (equality := _find_equality(entry, version))}
    others = [entry for entry in statement.conditions if entry not in equalities]
    names = None if element is None else read_names(element)
    negated = element is not None and element.negated
    means_anyone = names is not None and ANYONE in names and not negated  # a name that every principal has
    return Rule(
        ordinal=ordinal,
        effect=statement.effect,
        actions=actions,
        principal_names=None if means_anyone else names,
        principal_negated=negated,
        equalities=tuple(equalities.values()),
        conditions=tuple(_compile_condition(entry, version) for entry in others),
        verdict=Evaluation(outcome, ref, Grant.DIRECT if means_anyone and allowed else None),
        by_grant={}
        if element is None
        else {grant: Evaluation(outcome, ref, grant if allowed else None) for grant in Grant},
    )


def _compile_actions(element: Patterns, asked: frozenset[str] | None) -> bool | Callable[[str], bool]:
    """True: covers all that may be asked; False: covers none of it; else the test of a lower-case action."""
    patterns = tuple(glob(pattern.lower()) for pattern in element.values)
    negated = element.negated

    def covers(action: str) -> bool:
        return any(pattern.matches(action) for pattern in patterns) is not negated

    if asked is None:
        return patterns[0].matches if len(patterns) == 1 and not negated else covers
    covered = frozenset(action for action in asked if covers(action))
    if not covered:
        return False
    return True if covered == asked else covered.__contains__


def _compile_condition(entry: ConditionEntry, version: str) -> Condition:
    key = entry.key.lower()
    use = find_operator(entry.operator)
    if use is None:
        return Condition(key, False, lambda _values, _context: False)
    comparison = use.operator.comparison
    if comparison is None:
        presence = wanted_presence(entry.values)
        present = True in presence
        return Condition(key, False in presence, lambda _values, _context: present)
    one = _compile_values(use, comparison, entry.values, version)

    def some(values: tuple[str, ...], context: RequestContext) -> bool:
        if len(values) == 1:
            return one(values[0], context)
        return any(one(value, context) for value in values)

    def every(values: tuple[str, ...], context: RequestContext) -> bool:
        return not any(values) or all(one(value, context) for value in values)

    test = every if use.set_operator is SetOperator.FOR_ALL_VALUES else some
    return Condition(key, holds_when_absent(use), test)


def _find_equality(entry: ConditionEntry, version: str) -> Equality | None:
    """The entry as the plainest there is: one key, some texts, no variable; None for any other."""
    use = find_operator(entry.operator)
    if use is None or use.operator.comparison is not EXACT or use.operator.negated or use.if_exists:
        return None
    if use.set_operator is not None or any(read_template(text, version=version) != (text,) for text in entry.values):
        return None
    return Equality(entry.key.lower(), frozenset(entry.values))


def _compile_values(
    use: OperatorUse, comparison: Comparison, texts: tuple[str, ...], version: str
) -> Callable[[str, RequestContext], bool]:
    """The test of one value of the request against all those of the policy, which are read now as far as can be."""
    negated, strict = use.operator.negated, use.operator.negated and comparison.refuses_nonsense
    takes = comparison.takes_variables
    templates = [read_template(text, version=version) if takes else (text,) for text in texts]
    variable = tuple(template for template in templates if not is_fixed(template))
    resolved = [resolve(template, NO_CONTEXT) for template in templates if is_fixed(template)]
    read = [comparison.read_expected(parts) for parts in resolved if parts is not None]
    known = tuple(value for value in read if value is not None)
    nonsense = strict and len(known) < len(read)
    exact = frozenset(known) if comparison is EXACT else None
    read_actual, read_expected, holds = comparison.read_actual, comparison.read_expected, comparison.holds

    if exact is not None and not variable:
        return lambda value, _context: (value in exact) is not negated

    def test(value: str, context: RequestContext) -> bool:
        actual = read_actual(value)
        if actual is None:
            return negated and not strict
        if nonsense:
            return False
        for expected in known:
            if holds(expected, actual):
                return not negated
        for template in variable:
            parts = resolve(template, context)
            expected = None if parts is None else read_expected(parts)
            if expected is not None and holds(expected, actual):
                return not negated
        return negated

    return test
