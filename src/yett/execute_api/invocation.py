"""Invoking a function in the gateway's own name, the caller's or a role's, and only where that principal may.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html
"""

from collections import OrderedDict
from typing import Final

from yett.policy import (
    AuthorizationRequest,
    CallerPolicies,
    Outcome,
    Principal,
    RequestContext,
    decide,
    principal_context,
)
from yett.ports.bundle import Ports
from yett.ports.function_runner import FunctionAnswer
from yett.ports.functions import Function
from yett.rules.execute_api.call import Question, Standing
from yett.rules.execute_api.plan import Credentials, FunctionTarget
from yett.values.errors import Refusal
from yett.values.identity import IamIdentity
from yett.values.timestamps import render_iso

INVOKE_FUNCTION: Final = "lambda:InvokeFunction"
GATEWAY: Final = "apigateway.amazonaws.com"
ROLE_SESSION: Final = "BackplaneAssumeRoleSession"  # how API Gateway names its sessions of an integration's role
REMEMBERED_VERDICTS: Final = 4096


class MayNotInvoke(Refusal):
    """The function does not exist, or the principal in whose name it would be invoked may not."""


class Invoker:
    """Invokes functions behind methods and authorizers. Verdicts on the gateway's own name are kept by function
    revision.
    """

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._verdicts: OrderedDict[tuple[str, str, str], bool] = OrderedDict()

    async def invoke(
        self,
        target: FunctionTarget,
        payload: bytes,
        *,
        question: Question,
        standing: Standing | None,
        source_arn: str,
        trace_header: str,
        share_key: bytes | None = None,
    ) -> FunctionAnswer:
        """Run the function and wait for its answer.

        *source_arn* is the method's or authorizer's ARN as the function's policy sees it.

        Raises:
            MayNotInvoke: There is no such function, or the principal may not invoke it.
            FunctionThrottled, FunctionUnavailable: As the runner says.
        """
        functions = self._ports.functions
        function = functions.current(target.function_arn) or await functions.resolve(target.function_arn)
        if function is None:
            raise MayNotInvoke(f"there is no function `{target.function_arn}`")
        if not await self._may_invoke(function, target, question=question, standing=standing, source_arn=source_arn):
            raise MayNotInvoke(
                f"invalid permissions on Lambda function `{target.function_arn}`: "
                f"{_WHOSE[target.credentials]} does not allow {INVOKE_FUNCTION} for `{source_arn}`"
            )
        return await self._ports.function_runner.invoke(
            target.function_arn,
            payload,
            request_id=self._ports.randomness.uuid(),
            trace_header=trace_header,
            share_key=share_key,
        )

    async def _may_invoke(
        self,
        function: Function,
        target: FunctionTarget,
        *,
        question: Question,
        standing: Standing | None,
        source_arn: str,
    ) -> bool:
        match target.credentials:
            case Credentials.RESOURCE_POLICY:
                return self._gateway_may_invoke(function, question, source_arn)
            case Credentials.CALLER:
                if (
                    standing is None
                    or standing.caller_policies is None
                    or not isinstance(standing.identity, IamIdentity)
                ):
                    return False
                return _iam_may_invoke(function, standing.identity, standing.caller_policies, question)
            case Credentials.ROLE:
                return await self._role_may_invoke(function, target.role_arn or "", question)

    def _gateway_may_invoke(self, function: Function, question: Question, source_arn: str) -> bool:
        """Whether the function's policy lets API Gateway invoke it for this method."""
        key = (function.arn, function.revision_id, source_arn)
        verdict = self._verdicts.get(key)
        if verdict is None:
            verdict = _policy_lets_gateway(function, question, source_arn)
            self._verdicts[key] = verdict
            if len(self._verdicts) > REMEMBERED_VERDICTS:
                self._verdicts.popitem(last=False)
        return verdict

    async def _role_may_invoke(self, function: Function, role_arn: str, question: Question) -> bool:
        """Whether the integration's role trusts API Gateway and its policies let it invoke the function."""
        now = question.facts.received_at
        role = await self._ports.callers.service_role(role_arn, ROLE_SESSION, service=GATEWAY, now=now)
        return role is not None and _iam_may_invoke(function, role.identity, role.policies, question)


_WHOSE: Final = {
    Credentials.RESOURCE_POLICY: "its resource policy",
    Credentials.CALLER: "the caller's policies",
    Credentials.ROLE: "the integration's role",
}


def _policy_lets_gateway(function: Function, question: Question, source_arn: str) -> bool:
    """Whether it does, now and until the function's revision moves: nothing here depends on the moment."""
    if function.resource_policy is None:
        return False
    request = AuthorizationRequest(
        action=INVOKE_FUNCTION,
        resource=function.arn,
        principal=Principal.service(GATEWAY),
        resource_account=function.account,
        context=RequestContext.of(
            {
                "aws:SourceArn": source_arn,
                "aws:SourceAccount": question.plan.account,
                "aws:PrincipalIsAWSService": "true",
                "aws:PrincipalServiceName": GATEWAY,
            }
        ),
    )
    return function.resource_policy.evaluate(request).outcome is Outcome.ALLOW


def _iam_may_invoke(function: Function, identity: IamIdentity, policies: CallerPolicies, question: Question) -> bool:
    request = AuthorizationRequest(
        action=INVOKE_FUNCTION,
        resource=function.arn,
        principal=Principal.iam(identity),
        resource_account=function.account,
        context=RequestContext.of(
            {
                "aws:SourceIp": question.facts.source_ip,
                "aws:CurrentTime": render_iso(question.facts.received_at),
                "aws:RequestedRegion": function.region,
                **principal_context(identity),
            }
        ),
    )
    decision = decide(
        request,
        caller=policies,
        resource_policy=function.resource_policy,
        same_account=identity.account == function.account,
    )
    return decision.outcome is Outcome.ALLOW
