"""All that can be refused before anything is made: parameters, types, properties, references."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from yett.ports.stack_store import StackRecord
from yett.templates.acting import LiveActor
from yett.templates.cdk import BOOTSTRAP, is_synthesized
from yett.templates.checking import Ignored, check_template
from yett.templates.cloudformation import DependencyFault, Scope, condition, order
from yett.templates.errors import TemplateRefused
from yett.templates.exports import exports_of_others
from yett.templates.language_extensions import extend
from yett.templates.loading import Loaded
from yett.templates.parameters import ParameterRefused, parse_parameters
from yett.templates.sam import has_sam, translate
from yett.templates.strictness import IGNORED_TYPES


class Prepared(Struct, frozen=True, kw_only=True):
    """A template that may go up, beside what there is."""

    loaded: Loaded  # its loops written out
    scope: Scope
    resources: Mapping[str, Any]  # in the order in which they are settled
    outputs: Mapping[str, Any]
    ignored: tuple[Ignored, ...]
    record: StackRecord


async def prepare(loaded: Loaded, actor: LiveActor, given: Mapping[str, str]) -> Prepared:
    """All that can be refused before anything is made."""
    declared = wanted_parameters(loaded)
    try:
        parameters = parse_parameters(declared, given)
    except ParameterRefused as error:
        raise loaded.refuse(error.message, "Parameters", error.name) from error
    stack_name = actor.stack
    record = await actor.site.stacks.find(actor.account, actor.region, stack_name)
    if record is None:
        unique = actor.site.randomness.uuid()
        stack_id = f"arn:aws:cloudformation:{actor.region}:{actor.account}:stack/{stack_name}/{unique}"
        record = StackRecord(
            name=stack_name,
            account=actor.account,
            region=actor.region,
            stack_id=stack_id,
            resources=(),
            updated_at=actor.now,
        )
    scope = Scope(
        parameters=parameters,
        pseudo={
            "AWS::AccountId": actor.account,
            "AWS::Region": actor.region,
            "AWS::Partition": "aws",
            "AWS::StackName": stack_name,
            "AWS::StackId": record.stack_id,
            "AWS::URLSuffix": "amazonaws.com",
        },
        mappings=loaded.content.get("Mappings") or {},
        conditions=loaded.content.get("Conditions") or {},
        made={},
        secret_parameters=frozenset(name for name, one in declared.items() if str(one.get("NoEcho")).lower() == "true"),
        exports=await exports_of_others(stack_name, actor.site),
    )
    loaded = extend(loaded, scope)
    texts = {name: ",".join(value) if isinstance(value, list) else value for name, value in parameters.items()}
    managed = await managed_policies(actor) if has_sam(loaded.content) else {}
    translated = translate(loaded, parameters=texts, managed_policies=managed, region=actor.region)
    actor.code = translated.code
    content = translated.template
    found = check_template(content, loaded)
    scope = msgspec.structs.replace(
        scope, mappings=content.get("Mappings") or {}, conditions=content.get("Conditions") or {}
    )
    check_conditions(scope, loaded)
    try:
        resources = wanted_resources(content["Resources"], scope)
        ordered = order(resources)
    except DependencyFault as error:
        lines = [loaded.line_of_resource(name) for name in error.resources]
        places = ", ".join(f"line {line}" for line in lines if line)
        text = f"{error.message} ({places})" if len(lines) > 1 else error.message
        raise TemplateRefused(text, path=loaded.path, line=lines[0]) from error
    except TemplateRefused as error:
        raise loaded.refuse(error.message, *error.way) from error
    return Prepared(
        loaded=loaded,
        scope=scope,
        resources={logical_id: resources[logical_id] for logical_id in ordered},
        outputs=content.get("Outputs") or {},
        ignored=found,
        record=record,
    )


def check_conditions(scope: Scope, loaded: Loaded) -> None:
    """That every condition holds or does not, also one that nothing asks for.

    Raises:
        TemplateRefused: One has a fault; with its line.
    """
    for name in scope.conditions:
        try:
            condition(name, scope)
        except TemplateRefused as error:
            raise loaded.refuse(f"condition `{name}`: {error.message}", "Conditions", name, *error.way) from error
        except RecursionError as error:
            text = "a condition depends on itself, or is nested too deeply"
            raise loaded.refuse(text, "Conditions", name) from error


def wanted_parameters(loaded: Loaded) -> dict[str, Any]:
    """The parameters that are declared, but for the one by which the CDK asks for its own bucket."""
    declared = loaded.content.get("Parameters") or {}
    return {name: one for name, one in declared.items() if not (name == BOOTSTRAP and is_synthesized(loaded))}


def wanted_resources(resources: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
    """The resources whose conditions hold and that are not ignored; what they depend on likewise."""
    kept: dict[str, Any] = {}
    for logical_id, resource in resources.items():
        try:
            holds = "Condition" not in resource or condition(resource["Condition"], scope)
        except TemplateRefused as error:
            error.way = ("Resources", logical_id, "Condition")
            raise
        if holds and resource["Type"] not in IGNORED_TYPES:
            kept[logical_id] = dict(resource)
    for resource in kept.values():
        stated = resource.get("DependsOn", [])
        stated = [stated] if isinstance(stated, str) else stated
        resource["DependsOn"] = [name for name in stated if name in kept or name not in resources]
    return kept


async def managed_policies(actor: LiveActor) -> dict[str, str]:
    """AWS's managed policies by name, as SAM wants them."""
    found: dict[str, str] = {}
    params: dict[str, Any] = {"Scope": "AWS", "MaxItems": 1000}
    while True:
        answer = await actor.do("iam", "ListPolicies", params)
        found |= {str(one["PolicyName"]): str(one["Arn"]) for one in answer.get("Policies", ())}
        if not answer.get("IsTruncated"):
            return found
        params["Marker"] = answer["Marker"]
