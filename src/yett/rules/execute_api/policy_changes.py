"""Changes of policies that bear on a call, and what the call looks like with them made."""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
from msgspec import Struct, structs

from yett.policy import CompiledPolicies, NamedPolicy, PolicyDocument, PolicyType, Statement, compile_policies
from yett.policy.document import CURRENT_VERSION
from yett.rules.execute_api.call import Question, Standing
from yett.rules.execute_api.plan import INVOKE, RESOURCE_POLICY
from yett.rules.execute_api.weighing import Weighed, weighed
from yett.values.identity import IamIdentity

NEW_POLICY: Final = "AllowInvoke"  # what a new inline policy is called
NOTHING: Final = compile_policies((), actions=frozenset({INVOKE}))


class Change(Struct, frozen=True, kw_only=True):
    """One edit of one policy: a statement replaced by others (or by none), or one added."""

    type: PolicyType
    of_authorizer: bool  # of what a Lambda authorizer answers, which is for its function to change
    level: int | None  # of an SCP or an RCP
    source: NamedPolicy | None  # None: a policy that does not exist yet
    statement: int | None  # index of the one that is replaced; None: the new ones come last
    replacement: tuple[Statement, ...]
    is_own: bool  # of a policy that nobody but the caller has
    text: str  # what to do, for people

    @property
    def policy(self) -> str:
        """The policy's name."""
        if self.source is not None:
            return self.source.name
        return RESOURCE_POLICY if self.type is PolicyType.RESOURCE else NEW_POLICY


class Cell(Struct, frozen=True, kw_only=True):
    """One call of the access matrix: who asks for what."""

    name: str  # "GET /pets/1 for user/alice"
    question: Question
    standing: Standing


def apply(changes: Iterable[Change], cell: Cell, *, made_for: Standing) -> Cell:
    """The cell as it would be with the changes made, which were proposed for the caller of *made_for*.

    A policy that is the caller's own changes for nobody else; one that others share changes for all of them.
    """
    question, standing = cell.question, cell.standing
    bearing = [change for change in changes if _bears_on(change, cell.standing, made_for)]
    places = {(change.type, change.of_authorizer, change.level) for change in bearing}
    for policy_type, of_authorizer, level in places:
        here = [
            change
            for change in bearing
            if (change.type, change.of_authorizer, change.level) == (policy_type, of_authorizer, level)
        ]
        now = next(
            (
                each.policies.sources
                for each in weighed(question, standing)
                if (each.type, each.of_authorizer, each.level) == (policy_type, of_authorizer, level)
            ),
            (),
        )
        question, standing = _put(question, standing, here[0], tuple(_edited(now, here)))
    return structs.replace(cell, question=question, standing=standing)


def edit(source: NamedPolicy | None, changes: Iterable[Change]) -> PolicyDocument:
    """A policy as it would be with the changes made."""
    statements = () if source is None else source.document.statements
    replaced: dict[int, tuple[Statement, ...]] = {}
    added: list[Statement] = []
    for change in changes:
        if change.statement is None:
            added += change.replacement
        else:
            replaced[change.statement] = change.replacement
    kept = [new for old in statements for new in replaced.get(old.index, (old,))] + added
    numbered = tuple(
        structs.replace(statement, index=index, pointer=f"/Statement/{index}") for index, statement in enumerate(kept)
    )
    if source is None:
        return PolicyDocument(version=CURRENT_VERSION, statements=numbered)
    return structs.replace(source.document, statements=numbered)


def describe(changes: tuple[Change, ...]) -> list[Mapping[str, object]]:
    """Each policy that changes, with its text as it would be; None where nothing of it is left."""
    described: list[Mapping[str, object]] = []
    for change in changes:
        together = [other for other in changes if _place(other) == _place(change)]
        document = edit(change.source, together)
        described.append(
            {
                "type": change.type.value,
                "ofAuthorizer": change.of_authorizer,
                "level": change.level,
                "policy": change.policy,
                "isNew": change.source is None,
                "statement": change.statement,
                "text": change.text,
                "document": msgspec.json.decode(document.render()) if document.statements else None,
            }
        )
    return described


def _place(change: Change) -> tuple[object, ...]:
    return change.type, change.of_authorizer, change.level, change.source


def _bears_on(change: Change, standing: Standing, made_for: Standing) -> bool:
    if change.type is PolicyType.RESOURCE:
        return True
    if change.is_own or change.source is None or change.of_authorizer:
        return _is_same_caller(standing, made_for)
    return True  # where the policy is not found among the caller's, nothing changes


def _is_same_caller(one: Standing, other: Standing) -> bool:
    if isinstance(one.identity, IamIdentity) and isinstance(other.identity, IamIdentity):
        return one.identity.principal_arn == other.identity.principal_arn
    return one.identity == other.identity


def _edited(now: tuple[NamedPolicy, ...], changes: list[Change]) -> Iterable[NamedPolicy]:
    for source in now:
        mine = [change for change in changes if change.source == source]
        document = edit(source, mine) if mine else source.document
        if document.statements:
            yield NamedPolicy(source.name, document)
    if new := [change for change in changes if change.source is None]:
        yield NamedPolicy(new[0].policy, edit(None, new))


def _put(
    question: Question, standing: Standing, change: Change, sources: tuple[NamedPolicy, ...]
) -> tuple[Question, Standing]:
    """The call with the policies of one place exchanged."""
    policies = compile_policies(sources, actions=frozenset({INVOKE}))
    if change.type is PolicyType.RESOURCE:
        plan = structs.replace(question.plan, resource_policy=policies if sources else None)
        return structs.replace(question, plan=plan), standing
    if change.of_authorizer:
        return question, structs.replace(standing, authorizer_policy=policies)
    caller = standing.caller_policies
    if caller is None:
        return question, standing
    match change.type:
        case PolicyType.IDENTITY:
            caller = structs.replace(caller, identity=policies)
        case PolicyType.BOUNDARY if caller.boundary is not None:
            caller = structs.replace(caller, boundary=policies)
        case PolicyType.SESSION if caller.session is not None:
            caller = structs.replace(caller, session=policies)
        case PolicyType.SCP:
            caller = structs.replace(caller, scp=_at(caller.scp, change.level, policies))
        case PolicyType.RCP:
            caller = structs.replace(caller, rcp=_at(caller.rcp, change.level, policies))
        case _:
            pass
    return question, structs.replace(standing, caller_policies=caller, invocation_policies=None)


def _at(
    levels: tuple[CompiledPolicies, ...], level: int | None, policies: CompiledPolicies
) -> tuple[CompiledPolicies, ...]:
    return tuple(policies if index == level else each for index, each in enumerate(levels))


def change_of(
    each: Weighed,
    source: NamedPolicy | None,
    text: str,
    *replacement: Statement,
    own_policies: frozenset[str],
    statement: int | None = None,
) -> Change:
    """A change of one of the policies that were weighed."""
    return Change(
        type=each.type,
        of_authorizer=each.of_authorizer,
        level=each.level,
        source=source,
        statement=statement,
        replacement=replacement,
        is_own=each.type is PolicyType.IDENTITY and (source is None or source.name in own_policies),
        text=text,
    )
