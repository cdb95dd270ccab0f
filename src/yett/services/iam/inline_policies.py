"""Inline policies of users, groups and roles. Each operation is made for one kind of entity in `operations.py`."""

import json
from collections.abc import Mapping

import msgspec

from yett.policy import Kind
from yett.policy.document import CURRENT_VERSION
from yett.services.call import Call, ServiceError
from yett.services.iam.entities import (
    Answer,
    E,
    Noun,
    Params,
    change_entity,
    get_entity,
    page_of,
    render_document,
)
from yett.services.iam.errors import cannot_be_found, count_characters, limit_exceeded, read_policy


async def put_policy(noun: Noun[E], call: Call, params: Params) -> Answer:
    """Embed a policy, or replace the one of this name.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html
    """
    read_policy(with_version(params["PolicyDocument"]), Kind.IDENTITY)

    def change(entity: E) -> E:
        policies = {**entity.inline_policies, params["PolicyName"]: params["PolicyDocument"]}
        if sum(map(count_characters, policies.values())) > noun.inline_characters:
            raise limit_exceeded(
                f"Maximum policy size of {noun.inline_characters} bytes exceeded for {noun.word} {entity.name}"
            )
        return msgspec.structs.replace(entity, inline_policies=policies)

    await change_entity(call, noun, params[noun.name_member], change)
    return {}


def with_version(text: str) -> str:
    """The policy to be checked: an embedded one may leave its Version out, and then means the oldest.

    A managed policy may not (spec 03, section 8). OBSERVED: every policy that SAM's policy templates embed in a role.
    Source: https://github.com/aws/serverless-application-model (samtranslator/policy_templates_data)
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if not isinstance(document, dict) or not document or "Version" in document:
        return text
    return text.replace("{", f'{{"Version": "{CURRENT_VERSION}", ', 1)


async def get_policy(noun: Noun[E], call: Call, params: Params) -> Answer:
    """Give an embedded policy.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRolePolicy.html
    """
    entity = await get_entity(call, noun, params[noun.name_member])
    document = entity.inline_policies.get(params["PolicyName"])
    if document is None:
        raise missing(noun, params["PolicyName"])
    return {
        noun.name_member: entity.name,
        "PolicyName": params["PolicyName"],
        "PolicyDocument": render_document(document),
    }


async def delete_policy(noun: Noun[E], call: Call, params: Params) -> Answer:
    """Delete an embedded policy.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRolePolicy.html
    """

    def change(entity: E) -> E:
        if params["PolicyName"] not in entity.inline_policies:
            raise missing(noun, params["PolicyName"])
        return msgspec.structs.replace(entity, inline_policies=without(entity.inline_policies, params["PolicyName"]))

    await change_entity(call, noun, params[noun.name_member], change)
    return {}


async def list_policies(noun: Noun[E], call: Call, params: Params) -> Answer:
    """List the names of the embedded policies.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRolePolicies.html
    """
    entity = await get_entity(call, noun, params[noun.name_member])
    names, rest = page_of(entity.inline_policies, params, key=str)
    return {"PolicyNames": names, **rest}


def without(policies: Mapping[str, str], name: str) -> dict[str, str]:
    """The policies but this one."""
    return {each: document for each, document in policies.items() if each != name}


def missing(noun: Noun[E], policy_name: str) -> ServiceError:
    """The entity embeds no policy of this name."""
    return cannot_be_found(f"{noun.word} policy", policy_name)
