"""Service control and resource control policies: what they say, and what they bind."""

import msgspec

from yett.policy import Effect, Kind, MalformedPolicyDocument, parse_policy
from yett.rules.organizations.limits import MOST_ATTACHED, POLICIES, POLICY_CHARACTERS
from yett.rules.organizations.tree import (
    AWS_POLICIES,
    RCP_FULL_AWS_ACCESS,
    Organization,
    OrganizationPolicy,
    PolicyType,
    find_account,
    find_policy,
    find_unit,
)
from yett.services.call import Call
from yett.services.organizations.access import (
    Answer,
    Params,
    change_organization,
    draw,
    get_managed,
    id_of,
    is_node,
    is_of_type,
    node_arn,
    page_of,
    policy_arn,
    read_type,
)
from yett.services.organizations.errors import refuse, violates
from yett.services.organizations.tags import read_tags, tagged


async def create_policy(call: Call, params: Params) -> Answer:
    """Make a policy, attached to nothing.

    Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreatePolicy.html
    """
    kind = read_type(params["Type"])
    policy = OrganizationPolicy(
        id=f"p-{draw(call, 8)}",
        name=params["Name"],
        description=params["Description"],
        type=kind,
        content=check_content(params["Content"], kind),
    )

    def change(organization: Organization) -> Organization:
        if sum(each.type is kind for each in organization.policies) >= POLICIES[kind]:
            raise violates("You have exceeded the number of policies allowed.", "POLICY_NUMBER_LIMIT_EXCEEDED")
        check_name(organization, policy)
        grown = msgspec.structs.replace(organization, policies=(*organization.policies, policy))
        return tagged(grown, policy.id, read_tags(params.get("Tags", ())))

    return {"Policy": describe_policy(await change_organization(call, change), policy)}


def check_content(text: str, kind: PolicyType) -> str:
    """The text, which is a policy of this kind. A resource control policy of one's own only denies, and to everyone.

    Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_syntax.html
    """
    if len(text) > POLICY_CHARACTERS[kind]:
        raise violates("You have exceeded the maximum policy size.", "POLICY_CONTENT_LIMIT_EXCEEDED")
    is_rcp = kind is PolicyType.RESOURCE_CONTROL_POLICY
    try:
        document = parse_policy(text, kind=Kind.RCP if is_rcp else Kind.SCP)
    except MalformedPolicyDocument as error:
        raise refuse("MalformedPolicyDocumentException") from error
    if is_rcp and any(each.effect is Effect.ALLOW or each.principal is None for each in document.statements):
        raise refuse("MalformedPolicyDocumentException")
    return text


def check_name(organization: Organization, policy: OrganizationPolicy) -> None:
    """Refuse a name that another policy of the kind has."""
    for each in (*AWS_POLICIES, *organization.policies):
        if each.id != policy.id and (each.type, each.name) == (policy.type, policy.name):
            raise refuse("DuplicatePolicyException")


def describe_policy(organization: Organization, policy: OrganizationPolicy) -> dict[str, object]:
    """A policy, whole."""
    return {"PolicySummary": summarize(organization, policy), "Content": policy.content}


def summarize(organization: Organization, policy: OrganizationPolicy) -> dict[str, object]:
    """A policy without what it says."""
    return {
        "Id": policy.id,
        "Arn": policy_arn(organization, policy),
        "Name": policy.name,
        "Description": policy.description,
        "Type": policy.type.value,
        "AwsManaged": policy.is_aws_managed,
    }


def get_policy(organization: Organization, policy_id: str) -> OrganizationPolicy:
    """The policy, or AWS's error."""
    found = find_policy(organization, policy_id)
    if found is None:
        raise refuse("PolicyNotFoundException")
    return found


def get_own_policy(organization: Organization, policy_id: str) -> OrganizationPolicy:
    """A policy that may be changed: AWS's may not."""
    policy = get_policy(organization, policy_id)
    if policy.is_aws_managed:
        raise violates("AWS managed policies cannot be changed.", "IMMUTABLE_POLICY")
    return policy


async def describe_one_policy(call: Call, params: Params) -> Answer:
    """Describe a policy.

    Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribePolicy.html
    """
    organization = await get_managed(call)
    return {"Policy": describe_policy(organization, get_policy(organization, params["PolicyId"]))}


async def update_policy(call: Call, params: Params) -> Answer:
    """Change a policy's name, description or content; it binds at once.

    Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_UpdatePolicy.html
    """

    def change(organization: Organization) -> Organization:
        policy = get_own_policy(organization, params["PolicyId"])
        changed = msgspec.structs.replace(
            policy,
            name=params.get("Name", policy.name),
            description=params.get("Description", policy.description),
            content=check_content(params["Content"], policy.type) if "Content" in params else policy.content,
        )
        check_name(organization, changed)
        policies = tuple(changed if each is policy else each for each in organization.policies)
        return msgspec.structs.replace(organization, policies=policies)

    organization = await change_organization(call, change)
    return {"Policy": describe_policy(organization, get_policy(organization, params["PolicyId"]))}


async def delete_policy(call: Call, params: Params) -> Answer:
    """Delete a policy that is attached to nothing.

    Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_DeletePolicy.html
    """

    def change(organization: Organization) -> Organization:
        policy = get_own_policy(organization, params["PolicyId"])
        if any(policy.id in attached for attached in organization.attachments.values()):
            raise refuse("PolicyInUseException")
        return msgspec.structs.replace(
            organization, policies=tuple(each for each in organization.policies if each is not policy)
        )

    await change_organization(call, change)
    return {}


async def list_policies(call: Call, params: Params) -> Answer:
    """List the policies of a kind, AWS's among them.

    Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListPolicies.html
    """
    organization = await get_managed(call)
    kind = read_type(params["Filter"])
    found = [each for each in (*AWS_POLICIES, *organization.policies) if each.type is kind]
    page, rest = page_of(found, params, key=id_of)
    return {"Policies": [summarize(organization, each) for each in page], **rest}


async def attach_policy(call: Call, params: Params) -> Answer:
    """Let a policy bind the root, a unit or an account.

    Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_AttachPolicy.html
    """
    target = params["TargetId"]

    def change(organization: Organization) -> Organization:
        policy = get_policy(organization, params["PolicyId"])
        if not is_node(organization, target):
            raise refuse("TargetNotFoundException")
        if policy.type not in organization.enabled_types:
            raise refuse("PolicyTypeNotEnabledException")
        attached = organization.attachments.get(target, ())
        if policy.id in attached:
            raise refuse("DuplicatePolicyAttachmentException")
        if sum(is_of_type(organization, each, policy.type) for each in attached) >= MOST_ATTACHED[policy.type]:
            raise violates(
                "You have attached the maximum number of policies to the specified target.",
                "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
            )
        attachments = {**organization.attachments, target: (*attached, policy.id)}
        return msgspec.structs.replace(organization, attachments=attachments)

    await change_organization(call, change)
    return {}


async def detach_policy(call: Call, params: Params) -> Answer:
    """Let a policy bind a target no more; one of its kind must remain, and of RCPs the one that allows everything.

    Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_DetachPolicy.html
    """
    target = params["TargetId"]

    def change(organization: Organization) -> Organization:
        policy = get_policy(organization, params["PolicyId"])
        if not is_node(organization, target):
            raise refuse("TargetNotFoundException")
        attached = organization.attachments.get(target, ())
        if policy.id not in attached:
            raise refuse("PolicyNotAttachedException")
        left = tuple(each for each in attached if each != policy.id)
        is_last = not any(get_policy(organization, each).type is policy.type for each in left)
        if is_last or policy.id == RCP_FULL_AWS_ACCESS:
            raise violates(
                "You cannot remove the last policy attached to the specified target.",
                "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
            )
        return msgspec.structs.replace(organization, attachments={**organization.attachments, target: left})

    await change_organization(call, change)
    return {}


async def list_policies_for_target(call: Call, params: Params) -> Answer:
    """List the policies attached to the root, a unit or an account.

    Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListPoliciesForTarget.html
    """
    organization = await get_managed(call)
    kind = read_type(params["Filter"])
    if not is_node(organization, params["TargetId"]):
        raise refuse("TargetNotFoundException")
    attached = [get_policy(organization, each) for each in organization.attachments.get(params["TargetId"], ())]
    page, rest = page_of([each for each in attached if each.type is kind], params, key=id_of)
    return {"Policies": [summarize(organization, each) for each in page], **rest}


async def list_targets_for_policy(call: Call, params: Params) -> Answer:
    """List what a policy is attached to.

    Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListTargetsForPolicy.html
    """
    organization = await get_managed(call)
    policy = get_policy(organization, params["PolicyId"])
    targets = [target for target, attached in organization.attachments.items() if policy.id in attached]
    page, rest = page_of(targets, params, key=str)
    return {"Targets": [describe_target(organization, each) for each in page], **rest}


def describe_target(organization: Organization, target: str) -> dict[str, object]:
    """The root, a unit or an account that a policy binds."""
    unit, account = find_unit(organization, target), find_account(organization, target)
    name = "Root" if unit is None else unit.name
    kind = "ROOT" if unit is None else "ORGANIZATIONAL_UNIT"
    if account is not None:
        name, kind = account.name, "ACCOUNT"
    return {"TargetId": target, "Arn": node_arn(organization, target), "Name": name, "Type": kind}
