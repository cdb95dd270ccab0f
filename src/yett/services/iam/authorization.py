"""May the caller do this? The one place where a control-plane call is weighed against policies.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from collections.abc import Mapping
from typing import Final

from msgspec import structs

from yett.policy import (
    AuthorizationRequest,
    CallerPolicies,
    CompiledPolicies,
    Outcome,
    Principal,
    RequestContext,
    Wording,
    decide,
    denial_suffix,
    principal_context,
)
from yett.policy.request import ContextValue, LazyValue
from yett.ports.callers import Caller
from yett.rules.organizations.resource_control import BOUND_SERVICES
from yett.rules.sts.authorization_message import Denial
from yett.services.call import Call, ServiceError
from yett.values.arn import Arn, NotAnArn
from yett.values.http import VpcOrigin
from yett.values.identifiers import is_account_id
from yett.values.identity import IamIdentity

ANY_RESOURCE: Final = "*"
# Services with one endpoint for the partition are asked in its Region, whichever a signature names.
# Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html (aws:RequestedRegion)
ONE_REGION: Final[Mapping[str, str]] = {"iam": "us-east-1", "organizations": "us-east-1"}


def authorize(
    caller: Caller,
    action: str,
    resources: tuple[str, ...],
    context: RequestContext,
    wording: Wording,
    *,
    resource_policy: CompiledPolicies | None = None,
) -> None:
    """Let the action pass on every one of the resources, or refuse it on the first that the policies do not allow.

    A resource of another account needs that account's consent, in *resource_policy*: without one it is refused, to the
    root user too. No resource at all counts as ``*``.

    Raises:
        ServiceError: AccessDenied, with AWS's text.
    """
    for resource in resources or (ANY_RESOURCE,):
        account = account_of(resource) or caller.identity.account
        request = AuthorizationRequest(
            action=action,
            resource=resource,
            principal=Principal.iam(caller.identity),
            resource_account=account,
            context=context.with_values(owner_keys(account, caller.identity)),
        )
        policies = policies_on(caller, action, resource)
        decision = decide(
            request,
            caller=policies,
            resource_policy=resource_policy,
            same_account=account == caller.identity.account,
        )
        if decision.outcome is not Outcome.ALLOW:
            raise ServiceError(
                "AccessDenied",
                f"User: {caller.identity.arn} is not authorized to perform: {action} on resource: {resource}"
                f"{denial_suffix(decision, action, wording=wording)}",
                status=403,
                denial=Denial(request=request, decision=decision, identity=caller.identity, policies=policies),
            )


def policies_on(caller: Caller, action: str, resource: str) -> CallerPolicies:
    """What bears on the caller, and with it what binds a resource of its account; another account's is not known here.

    Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
    """
    is_bound = action.partition(":")[0] in BOUND_SERVICES and account_of(resource) == caller.identity.account
    return structs.replace(caller.policies, rcp=caller.resource_control) if is_bound else caller.policies


def owner_keys(account: str, identity: IamIdentity) -> dict[str, ContextValue | LazyValue]:
    """Whose a resource is. Of another account's we do not know the organization: its keys are then absent."""
    keys: dict[str, ContextValue | LazyValue] = {"aws:ResourceAccount": account}
    if account == identity.account and identity.organization_id is not None:
        keys["aws:ResourceOrgID"] = identity.organization_id
        keys["aws:ResourceOrgPaths"] = identity.organization_paths
    return keys


def authorize_target(
    call: Call, action: str, resource: str, further: Mapping[str, ContextValue | LazyValue] | None = None
) -> None:
    """That the caller may do to *resource*, which something is about to become, what it does to what it was.

    Raises:
        ServiceError: AccessDenied.
    """
    if call.caller is None:
        raise ServiceError("AccessDenied", f"{action} needs a signature", status=403)
    authorize(call.caller, action, (resource,), context_of(call, further), wording_of(call))


def resource_tag_keys(tags: Mapping[str, str], *, service: str | None = None) -> dict[str, tuple[str, ...]]:
    """The condition keys of the tags that a resource has now, under the *service*'s own prefix too if it has one.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_tags.html
    """
    prefixes = ("aws",) if service is None else ("aws", service)
    return {f"{prefix}:ResourceTag/{key}": (value,) for prefix in prefixes for key, value in tags.items()}


def account_of(resource: str) -> str | None:
    """The account that an ARN names; None if it names none, as those of AWS's own managed policies do."""
    try:
        account = Arn.parse(resource).account
    except NotAnArn:
        return None
    return account if is_account_id(account) else None


def wording_of(call: Call) -> Wording:
    """Which of AWS's two wordings of a denial was chosen."""
    return Wording.CURRENT if call.ports.settings.denial_wording_is_current else Wording.LEGACY


def context_of(call: Call, further: Mapping[str, ContextValue | LazyValue] | None = None) -> RequestContext:
    """The condition keys of a call: its caller's, the global ones, and the *further* ones of its operation.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    keys: dict[str, ContextValue | LazyValue] = {
        "aws:CurrentTime": call.now,
        "aws:EpochTime": int(call.now.timestamp()),
        **network_keys(call.source_ip, call.vpc_origin),
        "aws:SecureTransport": call.secure_transport,
        "aws:RequestedRegion": ONE_REGION.get(call.service, call.region),
    }
    if call.user_agent:
        keys["aws:UserAgent"] = call.user_agent
    if call.caller is not None:
        identity = call.caller.identity
        keys |= principal_context(identity)
        if identity.mfa_authenticated_at is not None:
            keys["aws:MultiFactorAuthAge"] = int((call.now - identity.mfa_authenticated_at).total_seconds())
    # What the caller is cannot be said by a parameter of the call.
    given = {name.lower() for name in keys}
    return RequestContext.of(keys | {n: v for n, v in (further or {}).items() if n.lower() not in given})


def network_keys(source_ip: str, origin: VpcOrigin | None) -> dict[str, str]:
    """Where a call comes from; one through a VPC endpoint has other keys in the place of ``aws:SourceIp``.

    What the edge of the VPC did not say has no key.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    if origin is None:
        return {"aws:SourceIp": source_ip}
    said = {"aws:SourceVpc": origin.vpc, "aws:SourceVpce": origin.endpoint}
    return {"aws:VpcSourceIp": source_ip} | {key: value for key, value in said.items() if value is not None}
