"""What policies would say to an action, without doing it.

Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_testing-policies.html
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from msgspec import Struct, structs

from yett.policy import (
    AuthorizationRequest,
    CallerPolicies,
    CompiledPolicies,
    Effect,
    Evaluation,
    NamedPolicy,
    Outcome,
    PolicyDocument,
    Principal,
    RequestContext,
    Statement,
    compile_policies,
    decide,
)
from yett.policy.statement import Element, Match, examine
from yett.policy.variables import Variable, read_template
from yett.rules.iam.statement_positions import Span, statement_spans

DECISIONS: Final[Mapping[Outcome, str]] = {
    Outcome.ALLOW: "allowed",
    Outcome.EXPLICIT_DENY: "explicitDeny",
    Outcome.IMPLICIT_DENY: "implicitDeny",
}


class Source(Struct, frozen=True, kw_only=True):
    """A policy of a simulation."""

    id: str  # "PolicyInputList.1", or its name
    type: str  # a value of PolicySourceType
    text: str
    document: PolicyDocument


class Matched(Struct, frozen=True):
    """A statement that made the decision."""

    source: Source
    span: Span


class Simulated(Struct, frozen=True, kw_only=True):
    """The answer for one action on one resource."""

    outcome: Outcome
    matched: tuple[Matched, ...]
    missing: tuple[str, ...]  # condition keys that statements ask for and the simulation does not have
    within_boundary: bool | None  # None: there is no boundary
    within_organization: bool | None  # None: there are no service control policies
    details: Mapping[str, Outcome] | None  # by kind of policy; across accounts only


class Simulation(Struct, frozen=True, kw_only=True):
    """Policies to ask, whom to ask for, and what is known of the request."""

    identity: tuple[Source, ...]
    boundary: Source | None = None
    resource: Source | None = None
    organization: tuple[tuple[Source, ...], ...] | None = None  # service control policies: root, units, account
    principal: Principal
    account: str  # of the caller
    owner: str | None = None  # account of resources whose ARN names none
    context: RequestContext

    def sources(self) -> tuple[Source, ...]:
        """All the policies that take part."""
        levels = [source for level in self.organization or () for source in level]
        return (*self.identity, *([self.boundary] if self.boundary else []), *self.own_resource(), *levels)

    def own_resource(self) -> tuple[Source, ...]:
        """The resource policy, if there is one."""
        return () if self.resource is None else (self.resource,)


class Simulator:
    """A simulation, its policies compiled once for all the questions."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._resource = None if simulation.resource is None else _compile([simulation.resource])
        self._boundary = None if simulation.boundary is None else _compile([simulation.boundary])
        self._levels = None if simulation.organization is None else tuple(map(_compile, simulation.organization))
        self._identity = _compile(simulation.identity)

    def ask(self, action: str, resource: str) -> Simulated:
        """What the policies say to an action on a resource.

        Without a resource policy the caller's side alone is asked, whosever the resource.
        """
        simulation = self._simulation
        owner = _account_of(resource) or simulation.owner or simulation.account
        request = AuthorizationRequest(
            action=action,
            resource=resource,
            principal=structs.replace(simulation.principal, has_boundary=self._boundary is not None),
            resource_account=owner,
            context=simulation.context,
        )
        caller = CallerPolicies(
            identity=self._identity,
            boundary=self._boundary,
            session=None,
            scp=self._levels or (),
            rcp=(),
            is_root=False,
        )
        is_across = self._resource is not None and owner != simulation.account
        decision = decide(request, caller=caller, resource_policy=self._resource, same_account=not is_across)
        boundary = None if self._boundary is None else self._boundary.evaluate(request)
        levels = None if self._levels is None else [level.evaluate(request) for level in self._levels]
        return Simulated(
            outcome=decision.outcome,
            matched=tuple(self._matched(request, decision.outcome)),
            missing=missing_keys(simulation.sources(), request),
            within_boundary=None if boundary is None else boundary.outcome is Outcome.ALLOW,
            within_organization=None if levels is None else all(each.outcome is Outcome.ALLOW for each in levels),
            details=self._details(request) if is_across else None,
        )

    def _details(self, request: AuthorizationRequest) -> Mapping[str, Outcome]:
        # UNCERTAIN: how AWS names the two.
        resource = Evaluation(Outcome.IMPLICIT_DENY) if self._resource is None else self._resource.evaluate(request)
        return {"IAM Policy": self._identity.evaluate(request).outcome, "Resource Policy": resource.outcome}

    def _matched(self, request: AuthorizationRequest, outcome: Outcome) -> Iterator[Matched]:
        """Of a denial every Deny that applies; else every Allow of the caller's own policies and the resource's.

        UNCERTAIN: whether AWS lists the Allows of a boundary.
        """
        simulation = self._simulation
        is_denied = outcome is Outcome.EXPLICIT_DENY
        sources = simulation.sources() if is_denied else (*simulation.identity, *simulation.own_resource())
        effect = Effect.DENY if is_denied else Effect.ALLOW
        for source in sources:
            spans: tuple[Span, ...] = ()
            for statement in source.document.statements:
                if statement.effect is not effect:
                    continue
                if isinstance(examine(statement, request, version=source.document.version), Match):
                    spans = spans or statement_spans(source.text)
                    yield Matched(source, spans[statement.index])


def missing_keys(sources: Iterable[Source], request: AuthorizationRequest) -> tuple[str, ...]:
    """The keys without a value that statements about this action ask for, as first written.

    UNCERTAIN: whether AWS lists those of statements about other actions and resources too.
    """
    found: dict[str, str] = {}
    for source in sources:
        version = source.document.version
        for statement in source.document.statements:
            examined = examine(statement, request, version=version)
            if isinstance(examined, Match) or examined.element in {Element.CONDITION, Element.RESOURCE}:
                is_about = isinstance(examined, Match) or examined.element is Element.CONDITION
                keys = statement_keys(statement, version) if is_about else resource_keys(statement, version)
                for key in keys:
                    if request.context.find(key.lower()) is None:
                        found.setdefault(key.lower(), key)
    return tuple(found.values())


def context_keys(documents: Iterable[PolicyDocument]) -> tuple[str, ...]:
    """Every condition key that the policies mention, in conditions or as a variable, as first written.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetContextKeysForCustomPolicy.html
    """
    found: dict[str, str] = {}
    for document in documents:
        for statement in document.statements:
            for key in statement_keys(statement, document.version):
                found.setdefault(key.lower(), key)
    return tuple(found.values())


def statement_keys(statement: Statement, version: str) -> Iterator[str]:
    """The keys of a statement's conditions, and those of the variables in them and in its resources."""
    for entry in statement.conditions:
        yield entry.key
        yield from _variables(entry.values, version)
    yield from resource_keys(statement, version)


def resource_keys(statement: Statement, version: str) -> Iterator[str]:
    """The keys of the variables in a statement's resources."""
    return _variables(() if statement.resource is None else statement.resource.values, version)


def _variables(texts: Iterable[str], version: str) -> Iterator[str]:
    for text in texts:
        for part in read_template(text, version=version):
            if isinstance(part, Variable) and part.default is None:
                yield part.key


def _compile(sources: Iterable[Source]) -> CompiledPolicies:
    return compile_policies([NamedPolicy(source.id, source.document) for source in sources], actions=None)


def _account_of(resource: str) -> str | None:
    """The account that a resource's ARN names, if it names one."""
    parts = resource.split(":", 5)
    account = parts[4] if len(parts) == 6 else ""
    return account if len(account) == 12 and account.isascii() and account.isdigit() else None
