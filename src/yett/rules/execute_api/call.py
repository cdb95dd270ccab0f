"""The proof types of the line: each says what is known of a call by now, and only the step that proves it may build
it. None of them can come to hold itself, so the garbage collector need not follow them.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Final, Self

from msgspec import Struct

from yett.policy import CallerPolicies, CompiledPolicies, Decision, Principal, principal_values
from yett.rules.execute_api.plan import MethodPlan, StagePlan
from yett.values.http import HttpRequest, VpcOrigin
from yett.values.identity import IamIdentity, Identity

ANYONE: Final = Principal.anonymous()


class Facts(Struct, frozen=True, gc=False):
    """What policies may ask about a request. It holds no header that could be a credential, and no body, so it may be
    kept.
    """

    request_id: str
    received_at: datetime
    source_ip: str
    is_secure: bool
    vpc_origin: VpcOrigin | None  # of a private call: its address is then the client's within the VPC
    user_agent: str | None
    referer: str | None

    @classmethod
    def of(cls, request: HttpRequest) -> Self:
        """The facts of a request."""
        headers = request.headers.by_name()
        return cls(
            request.request_id,
            request.received_at,
            request.source_ip,
            request.scheme == "https",
            request.vpc_origin,
            headers.get("user-agent"),
            headers.get("referer"),
        )


class Question(Struct, frozen=True, kw_only=True, gc=False):
    """What policies are asked: may this method be invoked, by a request with these facts? It may be kept, for `yett
    explain`.
    """

    plan: StagePlan
    method: MethodPlan
    arn: str  # of the method, with the call's own path
    facts: Facts


class Standing(Struct, frozen=True, kw_only=True, dict=True):
    """Who calls, and with which policies. It holds no evidence, only what the evidence proved, so it may be kept
    too; a caller who calls often keeps one.
    """

    identity: Identity
    caller_policies: CallerPolicies | None = None  # AWS_IAM
    invocation_policies: CallerPolicies | None = None  # the same, compiled for invocations alone, where that was done
    authorizer_policy: CompiledPolicies | None = None  # Lambda authorizers
    established_by: str = ""  # for the trace: in words, never a token or signature
    vouched_by: str | None = None  # the rule that let in a caller whose signature was not verified
    kept_since: datetime | None = None  # since when the authorizer's answer was kept; None where it was just given

    @cached_property
    def principal(self) -> Principal:
        """Whom policies are told of: the IAM caller, or nobody in particular."""
        return Principal.iam(self.identity) if isinstance(self.identity, IamIdentity) else ANYONE

    @cached_property
    def principal_keys(self) -> Mapping[str, tuple[str, ...]]:
        """The condition keys that an IAM caller brings along, whatever it calls."""
        return principal_values(self.identity) if isinstance(self.identity, IamIdentity) else {}


class Routed(Struct, frozen=True, kw_only=True, gc=False):
    """The stage's plan has a method for the call. Built by ``execute_api/rest.py``."""

    request: HttpRequest  # with its effective method (`method_override.py`)
    sent: HttpRequest  # as the client sent it, which is what a signature covers
    question: Question
    path: str  # below the stage, raw: "/pets/7"
    path_parameters: Mapping[str, str]  # as the client wrote them, still percent-encoded

    @property
    def plan(self) -> StagePlan:
        """The stage's plan."""
        return self.question.plan

    @property
    def method(self) -> MethodPlan:
        """The method that serves the call."""
        return self.question.method


class Screened(Struct, frozen=True, gc=False):
    """The resource policy has no deny that spares the authorizer a call. Built by ``execute_api/screen.py``."""

    routed: Routed


class Authenticated(Struct, frozen=True, gc=False):
    """It is known who calls. Built by ``execute_api/authenticate.py``."""

    routed: Routed
    standing: Standing


class Authorized(Struct, frozen=True, gc=False):
    """The policies allow it. Built by ``execute_api/authorize.py``."""

    routed: Routed
    standing: Standing
    decision: Decision
