"""The policy simulator: what policies would say, those given or those of a principal.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_testing-policies.html
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from yett.policy import Kind, MalformedPolicyDocument, Principal, RequestContext, parse_stored_policy
from yett.policy.principal import read_account
from yett.policy.wildcard import glob
from yett.ports.iam_store import AWS_ACCOUNT, Entity, Group, Role, User
from yett.rules.iam.limits import PAGE_ITEMS, SIMULATED_STATEMENTS
from yett.rules.iam.simulation import DECISIONS, Matched, Simulated, Simulation, Simulator, Source, context_keys
from yett.rules.iam.statement_positions import Position
from yett.rules.organizations.tree import PolicyType, policy_levels
from yett.services.call import Call
from yett.services.iam.entities import GROUP, ROLE, USER, Answer, Noun, Params, arn_of, page_of
from yett.services.iam.errors import invalid_input
from yett.values.arn import Arn, NotAnArn

NOUNS: Final[Mapping[str, Noun[Any]]] = {"user": USER, "group": GROUP, "role": ROLE}
NO_TYPE: Final = "none"  # of policies that are given and attached to nobody

_ACTION: Final = re.compile(r"[^:*?\s]+:[^:*?\s]+")


class Attached(Struct, frozen=True, kw_only=True):
    """A policy of a principal, and by what a simulation may leave it out."""

    source: Source
    sort: str  # "inline", "aws-managed", "user-managed", "permission-boundary"
    arn: str | None = None  # of a managed policy
    holder: tuple[str, str] | None = None  # of an inline policy: "user" and the user's name, and so on


async def simulate_custom_policy(call: Call, params: Params) -> Answer:
    """Ask policies that are attached to nobody.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html
    """
    levels = None
    if "OrderedOrganizationPolicyInputList" in params:
        levels = tuple(
            read_inputs(
                level.get("ServiceControlPolicyInputList", ()), f"OrderedOrganizationPolicyInputList.{n}", Kind.SCP
            )
            for n, level in enumerate(params["OrderedOrganizationPolicyInputList"], 1)
        )
    identity = read_inputs(params["PolicyInputList"], "PolicyInputList", Kind.IDENTITY)
    return answer(params, make_simulation(call, params, identity, caller=None, boundary=None, levels=levels))


async def simulate_principal_policy(call: Call, params: Params) -> Answer:
    """Ask the policies of a user, with those of its groups, of a group or of a role, and those given beside them.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
    """
    noun, entity = await find_source(call, params["PolicySourceArn"])
    excluded = params.get("PolicyExclusionList", ())
    attached = [each for each in await policies_of(call, entity) if not is_excluded(each, excluded)]
    own = tuple(each.source for each in attached if each.sort != "permission-boundary")
    boundary = next((each.source for each in attached if each.sort == "permission-boundary"), None)
    levels = None if any(each.get("PolicyType") == "scp" for each in excluded) else await read_levels(call)
    given = read_inputs(params.get("PolicyInputList", ()), "PolicyInputList", Kind.IDENTITY)
    caller = arn_of(noun, entity)
    return answer(
        params, make_simulation(call, params, (*own, *given), caller=caller, boundary=boundary, levels=levels)
    )


async def get_context_keys_for_custom_policy(call: Call, params: Params) -> Answer:  # noqa: ARG001
    """List the condition keys that policies mention.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetContextKeysForCustomPolicy.html
    """
    sources = read_inputs(params["PolicyInputList"], "PolicyInputList", Kind.IDENTITY)
    return {"ContextKeyNames": list(context_keys(source.document for source in sources))}


async def get_context_keys_for_principal_policy(call: Call, params: Params) -> Answer:
    """List the condition keys that the policies of a user, group or role mention, and those given beside them.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetContextKeysForPrincipalPolicy.html
    """
    _, entity = await find_source(call, params["PolicySourceArn"])
    attached = await policies_of(call, entity)
    sources = [each.source for each in attached if each.sort != "permission-boundary"]
    sources += read_inputs(params.get("PolicyInputList", ()), "PolicyInputList", Kind.IDENTITY)
    return {"ContextKeyNames": list(context_keys(source.document for source in sources))}


def make_simulation(
    call: Call,
    params: Params,
    identity: tuple[Source, ...],
    *,
    caller: str | None,
    boundary: Source | None,
    levels: tuple[tuple[Source, ...], ...] | None,
) -> Simulation:
    """The simulation of a request; *caller* stands for the caller whom it does not name.

    Raises:
        ServiceError: InvalidInput.
    """
    given = read_inputs(
        params.get("PermissionsBoundaryPolicyInputList", ()), "PermissionsBoundaryPolicyInputList", Kind.BOUNDARY
    )
    if len(given) > 1:
        raise invalid_input("PermissionsBoundaryPolicyInputList can contain at most one policy.")
    caller = params.get("CallerArn", caller)
    resource = None
    if "ResourcePolicy" in params:
        if caller is None or ":group/" in caller:
            raise invalid_input("CallerArn is required when ResourcePolicy is specified.")
        resource = read_source(params["ResourcePolicy"], "ResourcePolicy", "resource", Kind.RESOURCE)
    owner = None
    if "ResourceOwner" in params and (owner := read_account(params["ResourceOwner"])) is None:
        raise invalid_input(f"Invalid ResourceOwner: {params['ResourceOwner']}")
    principal = read_caller(caller or call.iam_arn("root"))
    return Simulation(
        identity=identity,
        boundary=given[0] if given else boundary,
        resource=resource,
        organization=levels,
        principal=principal,
        account=principal.account or call.account,
        owner=owner,
        context=read_context(params.get("ContextEntries", ())),
    )


def read_caller(text: str) -> Principal:
    """For whom it is asked: a user, a role, or somebody of whom the account alone is known.

    Raises:
        ServiceError: InvalidInput, for sessions and for what is no ARN. UNCERTAIN: the text.
    """
    try:
        arn = Arn.parse(text)
        kind = arn.resource.partition("/")[0]
        if arn.service == "iam" and kind == "group":  # no principal
            return Principal.from_arn(f"arn:aws:iam::{arn.account}:root")
        if arn.service == "iam" and kind in {"root", "user", "role"}:
            return Principal.from_arn(text)
    except NotAnArn as error:
        raise invalid_input(f"Invalid Entity Arn: {text}") from error
    raise invalid_input(f"Invalid Entity Arn: {text}")


def read_context(entries: Iterable[Mapping[str, Any]]) -> RequestContext:
    """The condition keys that the request gives. Nothing is known beside them.

    Raises:
        ServiceError: InvalidInput, for a key that has several values and no type of list.
    """
    keys: dict[str, tuple[str, ...]] = {}
    for entry in entries:
        name, values = entry.get("ContextKeyName", ""), tuple(entry.get("ContextKeyValues", ()))
        if len(values) > 1 and not entry.get("ContextKeyType", "stringList").endswith("List"):
            raise invalid_input(f"Invalid Context Key Values for {name}: several values need a list type.")
        keys[name] = values
    return RequestContext.of(keys)


def read_inputs(texts: Iterable[str], name: str, kind: Kind) -> tuple[Source, ...]:
    """Policies of a request, by the member that they stand in."""
    return tuple(read_source(text, f"{name}.{number}", NO_TYPE, kind) for number, text in enumerate(texts, 1))


def read_source(text: str, name: str, source_type: str, kind: Kind) -> Source:
    """One policy.

    Raises:
        ServiceError: InvalidInput, when it is none.
    """
    try:
        document = parse_stored_policy(text, kind=kind)
    except MalformedPolicyDocument as error:
        raise invalid_input(f"{name}: {error.reason}") from error
    return Source(id=name, type=source_type, text=text, document=document)


async def find_source(call: Call, text: str) -> tuple[Noun[Any], Entity]:
    """The user, group or role of an ARN.

    Raises:
        ServiceError: InvalidInput, when the ARN is none of these; NoSuchEntity.
    """
    try:
        arn = Arn.parse(text)
    except NotAnArn as error:
        raise invalid_input(f"Invalid Entity Arn: {text}") from error
    noun = NOUNS.get(arn.resource.partition("/")[0])
    if noun is None or arn.service != "iam":
        raise invalid_input(f"Invalid Entity Arn: {text}")
    name = arn.resource.rpartition("/")[2]
    entity = None if arn.account != call.account else await call.ports.iam_store.find(noun.kind, arn.account, name)
    if entity is None or arn_of(noun, entity) != text:
        raise noun.missing(name)
    return noun, entity


async def tags_of(call: Call, params: Params) -> Mapping[str, str]:
    """The tags of the principal that a call is about; none if there is none such."""
    try:
        arn = Arn.parse(params["PolicySourceArn"])
    except NotAnArn:
        return {}
    noun = NOUNS.get(arn.resource.partition("/")[0])
    name = arn.resource.rpartition("/")[2]
    entity = None if noun is None else await call.ports.iam_store.find(noun.kind, call.account, name)
    return {} if entity is None else entity.tags


async def policies_of(call: Call, entity: Entity) -> list[Attached]:
    """The policies of an entity, of the groups that a user is in, and its boundary."""
    store = call.ports.iam_store
    groups = entity.groups if isinstance(entity, User) else ()
    members = [await store.find(Group, entity.account, name) for name in groups]
    found: list[Attached] = []
    for holder in (entity, *(group for group in members if group is not None)):
        kind = "group" if isinstance(holder, Group) else "role" if isinstance(holder, Role) else "user"
        for name, text in holder.inline_policies.items():
            source = read_source(text, name, kind, Kind.IDENTITY)
            found.append(Attached(source=source, sort="inline", holder=(kind, holder.name)))
        for arn in holder.attached_policies:
            found += await read_managed(call, arn, Kind.IDENTITY)
    if entity.permissions_boundary is not None:
        found += await read_managed(call, entity.permissions_boundary, Kind.BOUNDARY)
    return found


async def read_managed(call: Call, arn: str, kind: Kind) -> list[Attached]:
    """A managed policy, if it is still there."""
    policy = await call.ports.iam_store.find_policy(arn)
    if policy is None:
        return []
    managed = "aws-managed" if policy.account == AWS_ACCOUNT else "user-managed"
    source = read_source(policy.document, policy.name, managed, kind)
    return [Attached(source=source, sort="permission-boundary" if kind is Kind.BOUNDARY else managed, arn=arn)]


async def read_levels(call: Call) -> tuple[tuple[Source, ...], ...] | None:
    """The service control policies that bind the account, from the root down; None where none do."""
    organization = await call.ports.organization_store.find(call.account)
    if organization is None:
        return None
    levels = policy_levels(organization, call.account, PolicyType.SERVICE_CONTROL_POLICY)
    if levels is None:
        return None
    return tuple(
        tuple(
            read_source(text, f"ServiceControlPolicy.{level}.{n}", NO_TYPE, Kind.SCP) for n, text in enumerate(texts, 1)
        )
        for level, texts in enumerate(levels, 1)
    )


def is_excluded(attached: Attached, excluded: Iterable[Mapping[str, Any]]) -> bool:
    """Whether the request asks to leave the policy out."""
    for each in excluded:
        inline = each.get("InlinePolicyIdentifier")
        if each.get("PolicyType") == attached.sort:
            return True
        if "PolicyArn" in each and attached.arn is not None and glob(each["PolicyArn"]).matches(attached.arn):
            return True
        if inline is not None and attached.holder is not None and inline["PolicyName"] == attached.source.id:
            kind, name = attached.holder
            if inline["AttachmentType"] == kind and glob(inline["AttachmentName"]).matches(name):
                return True
    return False


def answer(params: Params, simulation: Simulation) -> Answer:
    """A page of the questions, every action on every resource, with their answers.

    Raises:
        ServiceError: InvalidInput, for an action that is none.
    """
    actions: Sequence[str] = params["ActionNames"]
    resources: Sequence[str] = params.get("ResourceArns") or ("*",)
    for action in actions:
        if not _ACTION.fullmatch(action):
            raise invalid_input(f"Invalid Action Name: {action}")
    # A page may be shorter than was asked for, so that no request keeps a worker from others for long.
    statements = sum(len(source.document.statements) for source in simulation.sources())
    limit = max(1, SIMULATED_STATEMENTS // max(1, statements))
    asked = {**params, "MaxItems": min(limit, params.get("MaxItems", PAGE_ITEMS))}
    page, rest = page_of(range(len(actions) * len(resources)), asked, key="{:010}".format)
    simulator = Simulator(simulation)
    results = []
    for number in page:
        action, resource = actions[number // len(resources)], resources[number % len(resources)]
        results.append(describe(action, resource, simulator.ask(action, resource)))
    return {"EvaluationResults": results, **rest}


def describe(action: str, resource: str, simulated: Simulated) -> dict[str, object]:
    """One answer. What is particular to a resource stands under it as well, where one is named."""
    decision = DECISIONS[simulated.outcome]
    matched = [describe_matched(each) for each in simulated.matched]
    details: dict[str, object] = {}
    if simulated.within_boundary is not None:
        details["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": simulated.within_boundary}
    if simulated.details is not None:
        details["EvalDecisionDetails"] = {name: DECISIONS[each] for name, each in simulated.details.items()}
    result: dict[str, object] = {
        "EvalActionName": action,
        "EvalResourceName": resource,
        "EvalDecision": decision,
        "MatchedStatements": matched,
        "MissingContextValues": list(simulated.missing) if resource == "*" else [],
        **details,
    }
    if simulated.within_organization is not None:
        result["OrganizationsDecisionDetail"] = {"AllowedByOrganizations": simulated.within_organization}
    if resource != "*":
        specific = {"EvalResourceName": resource, "EvalResourceDecision": decision, "MatchedStatements": matched}
        specific["MissingContextValues"] = list(simulated.missing)
        result["ResourceSpecificResults"] = [{**specific, **details}]
    return result


def describe_matched(matched: Matched) -> dict[str, object]:
    """A statement, by its policy and where it stands there."""
    return {
        "SourcePolicyId": matched.source.id,
        "SourcePolicyType": matched.source.type,
        "StartPosition": describe_position(matched.span.start),
        "EndPosition": describe_position(matched.span.end),
    }


def describe_position(position: Position) -> dict[str, int]:
    """A place in a text."""
    return {"Line": position.line, "Column": position.column}
