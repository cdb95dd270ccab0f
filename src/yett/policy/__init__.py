"""IAM's policy language, as a library: documents, requests, decisions. No clock, no store, no HTTP.

What lives here answers the same for the same arguments, whoever asks. Where policies come from, and which of them bear
on a caller, is for the rooms above.
"""

from yett.policy.compile import CompiledPolicies, compile_policies
from yett.policy.decide import CallerPolicies, Decision, PolicyType, combine, decide
from yett.policy.document import Effect, Kind, NamedPolicy, PolicyDocument, Statement, StatementRef
from yett.policy.errors import Fault, MalformedPolicyDocument
from yett.policy.evaluate import Evaluation, Outcome, evaluate
from yett.policy.explain import Wording, denial_suffix
from yett.policy.grammar import parse_policy, parse_stored_policy
from yett.policy.lint import Finding, Severity, lint
from yett.policy.request import (
    NO_CONTEXT,
    AuthorizationRequest,
    Grant,
    Principal,
    PrincipalKind,
    RequestContext,
    principal_context,
    principal_values,
)
from yett.policy.resource import expand_shorthand
from yett.policy.trace import StatementTrace, Trace, trace

__all__ = [
    "NO_CONTEXT",
    "AuthorizationRequest",
    "CallerPolicies",
    "CompiledPolicies",
    "Decision",
    "Effect",
    "Evaluation",
    "Fault",
    "Finding",
    "Grant",
    "Kind",
    "MalformedPolicyDocument",
    "NamedPolicy",
    "Outcome",
    "PolicyDocument",
    "PolicyType",
    "Principal",
    "PrincipalKind",
    "RequestContext",
    "Severity",
    "Statement",
    "StatementRef",
    "StatementTrace",
    "Trace",
    "Wording",
    "combine",
    "compile_policies",
    "decide",
    "denial_suffix",
    "evaluate",
    "expand_shorthand",
    "lint",
    "parse_policy",
    "parse_stored_policy",
    "principal_context",
    "principal_values",
    "trace",
]
