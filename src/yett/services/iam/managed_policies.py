"""Managed policies of the account's own, with their versions, and the reading of AWS's."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from yett.policy import Kind
from yett.ports.errors import AlreadyExists
from yett.ports.iam_store import AWS_ACCOUNT, Attachment, ManagedPolicy, PolicyVersion, TooMany
from yett.rules.iam.limits import MANAGED_POLICY_CHARACTERS, POLICY_VERSIONS
from yett.rules.iam.quotas import POLICIES
from yett.services.call import Call, ServiceError
from yett.services.iam.attachments import check_policy_arn
from yett.services.iam.entities import (
    Answer,
    Params,
    add_tags,
    describe_tags,
    draw_unique_id,
    page_of,
    read_tags,
    render_document,
)
from yett.services.iam.errors import (
    account_quota_exceeded,
    already_exists,
    count_characters,
    delete_conflict,
    limit_exceeded,
    no_such_entity,
    policy_not_found,
    quota_exceeded,
    read_policy,
)
from yett.values.identifiers import MANAGED_POLICY_ID

MOST_VERSIONS: Final = 10**9  # that a policy ever had; ours, for the order of lists


async def create_policy(call: Call, params: Params) -> Answer:
    """Create a managed policy, whose first version is v1.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html
    """
    check_document(params["PolicyDocument"])
    now = call.now.replace(microsecond=0)
    policy = ManagedPolicy(
        account=call.account,
        name=params["PolicyName"],
        path=params.get("Path", "/"),
        id=draw_unique_id(call, MANAGED_POLICY_ID),
        description=params.get("Description"),
        created_at=now,
        updated_at=now,
        versions=(PolicyVersion(version_id="v1", document=params["PolicyDocument"], created_at=now),),
        default_version_id="v1",
        last_version=1,
        tags=add_tags({}, read_tags(params.get("Tags", ())), "TagsPerPolicy"),
    )
    try:
        await call.ports.iam_store.add_policy(policy, at_most=POLICIES.bound)
    except TooMany as error:
        raise account_quota_exceeded(POLICIES) from error
    except AlreadyExists as error:
        raise already_exists(
            f"A policy called {policy.name} already exists. Duplicate names are not allowed."
        ) from error
    described = describe_policy(policy, ())
    described.pop("Description", None)  # the model: CreatePolicy and ListPolicies leave it out
    return {"Policy": described}


def check_document(document: str) -> None:
    """Refuse what is no identity-based policy, or too long for a managed one."""
    read_policy(document, Kind.IDENTITY)
    if count_characters(document) > MANAGED_POLICY_CHARACTERS:
        raise quota_exceeded("PolicySize", MANAGED_POLICY_CHARACTERS)


def describe_policy(policy: ManagedPolicy, uses: Sequence[Attachment]) -> dict[str, object]:
    """A managed policy as the API describes it."""
    answer: dict[str, object] = {
        "PolicyName": policy.name,
        "PolicyId": policy.id,
        "Arn": policy.arn,
        "Path": policy.path,
        "DefaultVersionId": policy.default_version_id,
        "AttachmentCount": sum(not use.is_boundary for use in uses),
        "PermissionsBoundaryUsageCount": sum(use.is_boundary for use in uses),
        "IsAttachable": True,
        "CreateDate": policy.created_at,
        "UpdateDate": policy.updated_at,
    }
    if policy.description is not None:
        answer["Description"] = policy.description
    if policy.tags:
        answer["Tags"] = describe_tags(policy.tags)
    return answer


def describe_version(policy: ManagedPolicy, version: PolicyVersion, *, has_document: bool) -> Mapping[str, object]:
    """A version as the API describes it."""
    document = {"Document": render_document(version.document)} if has_document else {}
    return {
        **document,
        "VersionId": version.version_id,
        "IsDefaultVersion": version.version_id == policy.default_version_id,
        "CreateDate": version.created_at,
    }


async def find_policy(call: Call, arn: str) -> ManagedPolicy:
    """The policy of this ARN, of the account's own or AWS's; else NoSuchEntity."""
    check_policy_arn(arn)
    policy = await call.ports.iam_store.find_policy(arn)
    if policy is None or policy.account not in {call.account, AWS_ACCOUNT}:
        raise policy_not_found(arn)
    return policy


async def get_policy(call: Call, params: Params) -> Answer:
    """Describe a managed policy.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetPolicy.html
    """
    policy = await find_policy(call, params["PolicyArn"])
    uses = await call.ports.iam_store.uses(call.account, policy.arn)
    return {"Policy": describe_policy(policy, uses.get(policy.arn, ()))}


async def list_policies(call: Call, params: Params) -> Answer:
    """List the managed policies of the account, of AWS, or both.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPolicies.html
    """
    store = call.ports.iam_store
    scope = params.get("Scope", "All")
    policies: list[ManagedPolicy] = []
    if scope in {"All", "Local"}:
        policies += await store.policies(call.account)
    if scope in {"All", "AWS"}:
        policies += await store.policies(AWS_ACCOUNT)
    uses = await store.uses(call.account)
    prefix, only_attached = params.get("PathPrefix", "/"), params.get("OnlyAttached", False)
    wanted = params.get("PolicyUsageFilter")

    def is_listed(policy: ManagedPolicy) -> bool:
        found = uses.get(policy.arn, ())
        if wanted is not None:
            found = [use for use in found if use.is_boundary == (wanted == "PermissionsBoundary")]
        return policy.path.startswith(prefix) and (bool(found) or not (only_attached or wanted is not None))

    page, rest = page_of(
        filter(is_listed, policies), params, key=lambda policy: f"{policy.name.lower()}/{policy.account}"
    )
    described = [describe_policy(policy, uses.get(policy.arn, ())) for policy in page]
    for each in described:
        each.pop("Description", None)
        each.pop("Tags", None)
    return {"Policies": described, **rest}


async def delete_policy(call: Call, params: Params) -> Answer:
    """Delete a managed policy that nobody uses and that has no version but its default.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html
    """
    arn = params["PolicyArn"]
    check_own(call, await find_policy(call, arn))

    def check(policy: ManagedPolicy, uses: int) -> None:
        if uses:
            raise delete_conflict("Cannot delete a policy attached to entities.")
        if len(policy.versions) > 1:
            raise delete_conflict(
                "This policy has more than one version. Before you delete a policy, you must delete the policy's "
                "versions. The default version is deleted with the policy."
            )

    if not await call.ports.iam_store.remove_policy(arn, check):
        raise policy_not_found(arn)
    return {}


def check_own(call: Call, policy: ManagedPolicy) -> None:
    """Refuse to change AWS's policies."""
    if policy.account != call.account:
        raise ServiceError(
            "AccessDenied", f"Cannot perform the operation on AWS managed policy {policy.arn}", status=403
        )


async def create_policy_version(call: Call, params: Params) -> Answer:
    """Give a managed policy another version, to be in force at once or later.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicyVersion.html
    """
    check_document(params["PolicyDocument"])
    now = call.now.replace(microsecond=0)

    def change(policy: ManagedPolicy) -> ManagedPolicy:
        if len(policy.versions) >= POLICY_VERSIONS:
            raise limit_exceeded(
                f"A managed policy can have up to {POLICY_VERSIONS} versions. Before you create a new version, you "
                "must delete an existing version."
            )
        number = policy.last_version + 1
        version = PolicyVersion(version_id=f"v{number}", document=params["PolicyDocument"], created_at=now)
        default = version.version_id if params.get("SetAsDefault", False) else policy.default_version_id
        return msgspec.structs.replace(
            policy,
            versions=(version, *policy.versions),
            default_version_id=default,
            last_version=number,
            updated_at=now,
        )

    policy = await change_policy(call, params["PolicyArn"], change)
    return {"PolicyVersion": describe_version(policy, policy.versions[0], has_document=False)}


async def change_policy(call: Call, arn: str, change: Callable[[ManagedPolicy], ManagedPolicy]) -> ManagedPolicy:
    """One of the account's own policies, as *change* made it."""
    check_own(call, await find_policy(call, arn))
    changed = await call.ports.iam_store.update_policy(arn, change)
    if changed is None:
        raise policy_not_found(arn)
    return changed


async def get_policy_version(call: Call, params: Params) -> Answer:
    """Give one version with its document.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetPolicyVersion.html
    """
    policy = await find_policy(call, params["PolicyArn"])
    version = find_version(policy, params["VersionId"])
    return {"PolicyVersion": describe_version(policy, version, has_document=True)}


def find_version(policy: ManagedPolicy, version_id: str) -> PolicyVersion:
    """The version of this id, or NoSuchEntity."""
    found = next((each for each in policy.versions if each.version_id == version_id), None)
    if found is None:
        raise no_such_entity(f"Policy {policy.arn} version {version_id} does not exist or is not attachable.")
    return found


def newest_first(version: PolicyVersion) -> str:
    """What versions are listed by."""
    return f"{MOST_VERSIONS - int(version.version_id.removeprefix('v')):010}"


async def list_policy_versions(call: Call, params: Params) -> Answer:
    """List a policy's versions, newest first.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPolicyVersions.html
    """
    policy = await find_policy(call, params["PolicyArn"])
    page, rest = page_of(policy.versions, params, key=newest_first)
    return {"Versions": [describe_version(policy, version, has_document=False) for version in page], **rest}


async def set_default_policy_version(call: Call, params: Params) -> Answer:
    """Let another version be in force.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SetDefaultPolicyVersion.html
    """

    def change(policy: ManagedPolicy) -> ManagedPolicy:
        version = find_version(policy, params["VersionId"])
        return msgspec.structs.replace(policy, default_version_id=version.version_id, updated_at=call.now)

    await change_policy(call, params["PolicyArn"], change)
    return {}


async def delete_policy_version(call: Call, params: Params) -> Answer:
    """Delete a version that is not in force.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicyVersion.html
    """

    def change(policy: ManagedPolicy) -> ManagedPolicy:
        version = find_version(policy, params["VersionId"])
        if version.version_id == policy.default_version_id:
            raise delete_conflict("Cannot delete the default version of a policy.")
        return msgspec.structs.replace(
            policy, versions=tuple(each for each in policy.versions if each is not version), updated_at=call.now
        )

    await change_policy(call, params["PolicyArn"], change)
    return {}


async def list_entities_for_policy(call: Call, params: Params) -> Answer:
    """List who in the account uses a managed policy.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListEntitiesForPolicy.html
    """
    policy = await find_policy(call, params["PolicyArn"])
    uses = (await call.ports.iam_store.uses(call.account, policy.arn)).get(policy.arn, [])
    kinds = {"User": "user", "Role": "role", "Group": "group"}
    wanted = params.get("EntityFilter")
    if wanted in kinds:
        uses = [use for use in uses if use.kind == kinds[wanted]]
    if (usage := params.get("PolicyUsageFilter")) is not None:
        uses = [use for use in uses if use.is_boundary == (usage == "PermissionsBoundary")]
    page, rest = page_of(uses, params, key=lambda use: f"{use.kind}/{use.name.lower()}/{use.is_boundary}")
    answer: dict[str, object] = {
        f"Policy{title}s": [{f"{title}Name": use.name, f"{title}Id": use.id} for use in page if use.kind == kind]
        for title, kind in kinds.items()
    }
    return answer | rest
