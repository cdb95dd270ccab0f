"""What would allow a call that policies refuse: the least changes, each tried on the call before it is proposed.

A proposal is held against the other cells of the access matrix, too: those that open nothing else come alone; where
there are none, each says what else would change.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations, product
from typing import Final

from msgspec import Struct, structs

from yett.policy import Decision, Effect, Outcome, PolicyType, PrincipalKind, Statement
from yett.policy.document import SHORTHAND, ConditionEntry, NamedPolicy, Patterns, PrincipalElement
from yett.policy.statement import Element, Match, examine
from yett.rules.execute_api.authorization_flow import anonymous_request, decide_call, screen_denies
from yett.rules.execute_api.call import Question, Standing
from yett.rules.execute_api.deployment import AuthorizationType
from yett.rules.execute_api.plan import INVOKE
from yett.rules.execute_api.policy_changes import NOTHING, Cell, Change, apply, change_of, describe
from yett.rules.execute_api.weighing import Weighed, weighed
from yett.values.identity import IamIdentity

PROPOSALS: Final = 4  # the most that are made of one refusal
CANDIDATES: Final = 8  # the most Allows that are tried together
AT_ONCE: Final = 3  # the most policies that one proposal gives a new Allow
DENIES: Final = 6  # more of them against one call are for people to sort out
IP_ADDRESS: Final = "IpAddress"
SOURCE_IP: Final = "aws:SourceIp"
VPC_SOURCE_IP: Final = "aws:VpcSourceIp"
PRINCIPAL_ARN: Final = "aws:PrincipalArn"


class Proposal(Struct, frozen=True, kw_only=True):
    """Changes that together allow the call."""

    changes: tuple[Change, ...]
    also_allows: tuple[str, ...] = ()  # names of other cells
    also_denies: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What to do, as one sentence."""
        return "; and ".join(change.text for change in self.changes)

    def describe(self) -> dict[str, object]:
        """The proposal as a JSON object."""
        return {
            "text": self.text,
            "changes": describe(self.changes),
            "alsoAllows": list(self.also_allows),
            "alsoDenies": list(self.also_denies),
        }


def what_would_allow(
    question: Question,
    standing: Standing,
    decision: Decision,
    *,
    own_policies: frozenset[str],
    others: Sequence[Cell] = (),
) -> tuple[Proposal, ...]:
    """The least changes of policies that turn a refusal into an allow, best first; none where it is allowed already.

    *own_policies* are names of identity-based policies that no other principal has. *others* are the cells whose
    decisions should stay as they are.
    """
    if decision.outcome is Outcome.ALLOW:
        return ()
    cell = Cell(name="", question=question, standing=standing)
    found = [_with_side_effects(changes, standing, others) for changes in _sufficient(cell, own_policies)]
    found.sort(key=lambda each: (len(each.also_allows) + len(each.also_denies), len(each.changes)))
    clean = [each for each in found if not each.also_allows and not each.also_denies]
    return tuple((clean or found)[:PROPOSALS])


def _sufficient(cell: Cell, own_policies: frozenset[str]) -> Iterator[tuple[Change, ...]]:
    """Sets of changes after which the call is allowed, none of them holding another."""
    denies = list(_denies(cell, own_policies))
    if len(denies) > DENIES:
        return
    accepted: list[frozenset[int]] = []
    allows = list(_allows(cell, own_policies))[:CANDIDATES]
    for lifting in _liftings(denies):
        for count in range(min(AT_ONCE, len(allows)) + 1):
            for chosen in combinations(allows, count):
                changes = (*lifting, *chosen)
                ids = frozenset(map(id, changes))
                if not changes or any(known <= ids for known in accepted):
                    continue
                changed = apply(changes, cell, made_for=cell.standing)
                if _passes(changed):
                    accepted.append(ids)
                    yield changes


def _passes(cell: Cell) -> bool:
    """Whether nothing refuses the call; of one refused before its authorizer was asked, whether it would be asked."""
    if cell.question.method.authorization_type is AuthorizationType.CUSTOM and cell.standing.authorizer_policy is None:
        return screen_denies(cell.question) is None
    return decide_call(cell.question, cell.standing).outcome is Outcome.ALLOW


def _liftings(denies: Sequence[Sequence[Change]]) -> Iterator[tuple[Change, ...]]:
    """Ways to lift every deny: of one, each way; of several, the narrowest of each, the widest of each."""
    if len(denies) <= 1:
        yield from product(*denies)
        return
    yield tuple(ways[0] for ways in denies)
    yield tuple(ways[-1] for ways in denies)


def _with_side_effects(changes: tuple[Change, ...], standing: Standing, others: Sequence[Cell]) -> Proposal:
    allows: list[str] = []
    denies: list[str] = []
    for other in others:
        changed = apply(changes, other, made_for=standing)
        before = decide_call(other.question, other.standing).outcome is Outcome.ALLOW
        after = decide_call(changed.question, changed.standing).outcome is Outcome.ALLOW
        if before is not after:
            (allows if after else denies).append(other.name)
    return Proposal(changes=changes, also_allows=tuple(allows), also_denies=tuple(denies))


# -- denies


def _denies(cell: Cell, own_policies: frozenset[str]) -> Iterator[tuple[Change, ...]]:
    """Each Deny that met the call, with the ways to lift it, the narrowest first."""
    for each in weighed(cell.question, cell.standing):
        for source in each.policies.sources:
            version = source.document.version
            for statement in source.document.statements:
                if statement.effect is Effect.DENY and isinstance(
                    examine(statement, each.request, version=version), Match
                ):
                    ways = tuple(
                        change_of(
                            each,
                            source,
                            f"{text} (Deny {_name(source, statement)})",
                            *replacement,
                            own_policies=own_policies,
                            statement=statement.index,
                        )
                        for text, replacement in _ways(cell, each, source, statement, own_policies)
                    )
                    yield ways


def _ways(
    cell: Cell, each: Weighed, source: NamedPolicy, statement: Statement, own_policies: frozenset[str]
) -> Iterator[tuple[str, tuple[Statement, ...]]]:
    question = cell.question
    arn = _literal(question.arn)
    short = _shorten(question.arn, question)
    where = _whose(each, source)
    resource = statement.resource
    is_callers_own = each.of_authorizer or each.type is PolicyType.SESSION or source.name in own_policies
    is_callers_own = is_callers_own and each.type is not PolicyType.RESOURCE
    if resource is not None and not resource.negated and arn in resource.values:
        left = tuple(value for value in resource.values if value != arn)
        if is_callers_own:
            kept = (structs.replace(statement, resource=Patterns(left)),) if left else ()
            yield f"take {short} out of the Resource of this Deny of {where}", kept
    all_but_this = structs.replace(statement, resource=Patterns((arn,), negated=True))
    covers_all = (
        resource is not None and not resource.negated and any(_covers_api(v, question) for v in resource.values)
    )
    if is_callers_own:
        if covers_all:
            yield f"let this Deny of {where} cover all but {short}", (all_but_this,)
    else:
        whom, apart, alone = _apart(cell, each, statement)
        if resource is not None and not resource.negated and arn in resource.values:
            left = tuple(value for value in resource.values if value != arn)
            rest = (structs.replace(alone, resource=Patterns(left)),) if left else ()
            yield f"limit this Deny of {where}: it spares {whom} for {short}", (apart, *rest)
        elif covers_all:
            rest = (structs.replace(alone, resource=Patterns((arn,), negated=True)),)
            yield f"limit this Deny of {where}: it spares {whom} for {short}", (apart, *rest)
        yield f"limit this Deny of {where}: it spares {whom}", (apart,)
    yield f"remove this Deny of {where}", ()


def _apart(cell: Cell, each: Weighed, statement: Statement) -> tuple[str, Statement, Statement]:
    """Who calls, and the statement twice: for everyone but them, and for them alone."""
    identity = cell.standing.identity
    if isinstance(identity, IamIdentity) and each.request.principal.kind is not PrincipalKind.ANONYMOUS:
        arn = identity.principal_arn
        return (
            arn,
            _with_condition(statement, "ArnNotEquals", PRINCIPAL_ARN, arn, widen=True),
            _with_condition(statement, "ArnEquals", PRINCIPAL_ARN, arn, widen=False),
        )
    address, key = cell.question.facts.source_ip, _address_key(cell.question)
    return (
        f"address {address}",
        _with_condition(statement, "NotIpAddress", key, address, widen=True),
        _with_condition(statement, IP_ADDRESS, key, address, widen=False),
    )


def _address_key(question: Question) -> str:
    """Under which key policies know the caller's address: a call through a VPC endpoint has another one."""
    return SOURCE_IP if question.facts.vpc_origin is None else VPC_SOURCE_IP


def _with_condition(statement: Statement, operator: str, key: str, value: str, *, widen: bool) -> Statement:
    """The statement with one condition more. Of one that is there already, a negated list grows by the value, a
    positive one (which the value has met) becomes the value alone.
    """
    entries: list[ConditionEntry] = []
    is_there = False
    for entry in statement.conditions:
        if entry.operator == operator and entry.key.lower() == key.lower():
            values = tuple(dict.fromkeys((*entry.values, value))) if widen else (value,)
            entries.append(structs.replace(entry, values=values))
            is_there = True
        else:
            entries.append(entry)
    if not is_there:
        entries.append(ConditionEntry(operator, key, (value,)))
    return structs.replace(statement, conditions=tuple(entries))


# -- allows


def _allows(cell: Cell, own_policies: frozenset[str]) -> Iterator[Change]:
    """Allows for exactly this call, one or a few for each kind of policy that has none."""
    places = list(weighed(cell.question, cell.standing))
    kind = cell.question.method.authorization_type
    is_iam = kind is AuthorizationType.AWS_IAM and isinstance(cell.standing.identity, IamIdentity)
    for each in places:
        if each.policies.evaluate(each.request).outcome is Outcome.ALLOW:
            continue
        if each.type is PolicyType.RESOURCE and kind is AuthorizationType.CUSTOM:
            continue  # the authorizer's own answer is the narrower place
        if each.type is not PolicyType.RESOURCE:
            yield from _near_misses(cell, each, own_policies)
        yield _new_allow(cell, each, own_policies, is_iam=is_iam)
    if cell.question.plan.resource_policy is None and _needs_resource_policy(cell):
        nothing = Weighed(
            type=PolicyType.RESOURCE, level=None, policies=NOTHING, request=anonymous_request(cell.question)
        )
        yield _new_allow(cell, nothing, own_policies, is_iam=is_iam)


def _needs_resource_policy(cell: Cell) -> bool:
    """Whether the caller's own side cannot do: an account other than the API's, or a private API without a policy."""
    identity, plan = cell.standing.identity, cell.question.plan
    is_foreign = isinstance(identity, IamIdentity) and identity.account != plan.account
    return is_foreign or decide_call(cell.question, cell.standing).decided_by is PolicyType.RESOURCE


def _near_misses(cell: Cell, each: Weighed, own_policies: frozenset[str]) -> Iterator[Change]:
    """Allows that fail by their Resource alone."""
    question = cell.question
    for source in each.policies.sources:
        if each.type is not PolicyType.IDENTITY or not (each.of_authorizer or source.name in own_policies):
            continue  # a policy that others have would open the method for them, too
        for statement in source.document.statements:
            if statement.effect is not Effect.ALLOW or statement.resource is None or statement.resource.negated:
                continue
            examined = examine(statement, each.request, version=source.document.version)
            if isinstance(examined, Match) or examined.element is not Element.RESOURCE:
                continue
            wider = Patterns((*statement.resource.values, _literal(question.arn)))
            allows = ", ".join(_shorten(value, question) for value in statement.resource.values)
            called = _shorten(question.arn, question)
            text = (
                f"statement {statement.sid or statement.pointer} of {_whose(each, source)} allows {allows}, "
                f"the call was {called}: add {question.arn} to its Resource"
            )
            yield change_of(
                each,
                source,
                text,
                structs.replace(statement, resource=wider),
                own_policies=own_policies,
                statement=statement.index,
            )


def _new_allow(cell: Cell, each: Weighed, own_policies: frozenset[str], *, is_iam: bool) -> Change:
    question, identity = cell.question, cell.standing.identity
    principal: PrincipalElement | None = None
    conditions: tuple[ConditionEntry, ...] = ()
    whom = ""
    if each.type is PolicyType.RESOURCE and is_iam and isinstance(identity, IamIdentity):
        principal = PrincipalElement((("AWS", identity.principal_arn),))
        whom = f" for {identity.principal_arn}"
    elif each.type is PolicyType.RESOURCE:
        principal = PrincipalElement((("*", "*"),))
        conditions = (ConditionEntry(IP_ADDRESS, _address_key(question), (question.facts.source_ip,)),)
        whom = f" for address {question.facts.source_ip}"
    elif each.type in {PolicyType.SCP, PolicyType.RCP, PolicyType.BOUNDARY} and isinstance(identity, IamIdentity):
        if each.type is PolicyType.RCP:
            principal = PrincipalElement((("*", "*"),))
        conditions = (ConditionEntry("ArnEquals", PRINCIPAL_ARN, (identity.principal_arn,)),)
        whom = f" for {identity.principal_arn}"
    statement = Statement(
        index=0,
        pointer="/Statement/0",
        effect=Effect.ALLOW,
        action=Patterns((INVOKE,)),
        resource=Patterns((_literal(question.arn),)),
        principal=principal,
        conditions=conditions,
    )
    # An identity-based policy that others may have stays as it is: the caller gets one of its own.
    is_new = each.type is PolicyType.IDENTITY and not each.of_authorizer
    source = None if is_new or not each.policies.sources else each.policies.sources[0]
    text = f"add an Allow of {INVOKE} on {question.arn}{whom} to {_whose(each, source)}"
    return change_of(each, source, text, statement, own_policies=own_policies)


# -- words


def _whose(each: Weighed, source: NamedPolicy | None) -> str:
    """The place of a policy, for people."""
    if each.of_authorizer:
        return "what the authorizer answers"
    match each.type:
        case PolicyType.RESOURCE:
            return "the API's resource policy, and deploy it"
        case PolicyType.IDENTITY:
            return "the caller's own policies" if source is None else f"policy {source.name}"
        case PolicyType.BOUNDARY:
            return "the caller's permissions boundary"
        case PolicyType.SESSION:
            return "the policy that the session was made with"
        case PolicyType.SCP | PolicyType.RCP:
            return f"the {each.type.value.upper()}s of level {each.level} (0 is the organization's root)"


def _name(source: NamedPolicy, statement: Statement) -> str:
    return f"{source.name}{statement.pointer}" + (f" {statement.sid}" if statement.sid else "")


def _shorten(arn: str, question: Question) -> str:
    """``…/prod/GET/pets/7`` for an ARN of the API itself."""
    base = question.plan.arn_prefix.removesuffix(f"/{question.plan.stage}/")
    return f"…{arn.removeprefix(base)}" if arn.startswith(f"{base}/") else arn


def _covers_api(value: str, question: Question) -> bool:
    """Whether a Resource value covers every method of the API, and is about nothing else that could be asked of it."""
    base = question.plan.arn_prefix.removesuffix(f"{question.plan.stage}/")
    return value in {"*", f"{base}*", f"{SHORTHAND}*", base.removesuffix("/") + "*"}


def _literal(arn: str) -> str:
    """An ARN as a Resource that covers nothing else: what a path may have of wildcards is meant as it stands."""
    return "".join(f"${{{each}}}" if each in "*?$" else each for each in arn)
