"""The trace of one call, computed when somebody asks: the path it took, and the statement that decided.

The form is the contract of `yett explain` and ``GET /_yett/api/decisions/{requestId}``. Nothing that was presented
appears in it.
"""

from collections.abc import Iterator
from typing import Final

from yett.execute_api.decisions import STEPS, Record
from yett.policy import Decision, Outcome, PolicyType, StatementRef, trace
from yett.rules.execute_api.audit import audit_answer
from yett.rules.execute_api.call import Standing
from yett.rules.execute_api.mapping.context import extended_request_id
from yett.rules.execute_api.weighing import weighed
from yett.values.identity import Anonymous, AuthorizerIdentity, IamIdentity, Identity, PoolIdentity

Json = dict[str, object]

SIGNATURE_NOT_VERIFIED: Final = "SIGNATURE_NOT_VERIFIED"


def explain(record: Record) -> Json:
    """The decision trace of a call, as a JSON object."""
    refusal = record.refusal
    statement = record.decision.statement if record.decision is not None else None
    return {
        "requestId": record.request_id,
        "extendedRequestId": extended_request_id(record.request_id),
        "at": record.at.isoformat(),
        "api": record.api_id,
        "stage": record.stage,
        "method": record.method,
        "path": record.path,
        "sourceIp": record.source_ip,
        "outcome": record.outcome,
        "status": record.status,
        "errorType": refusal.error_type if refusal is not None else None,
        "caller": describe_caller(record.identity) if record.standing is not None else None,
        "steps": list(_steps(record)),
        "cause": refusal.cause if refusal is not None else None,
        "warnings": list(_warnings(record)),
        "decidedBy": _decided_by(record, statement),
        "policies": _policies(record),
    }


def _steps(record: Record) -> Iterator[Json]:
    """Each step that the call came to, with what it found and how long it took."""
    before = record.started
    for number, mark in enumerate(record.marks):
        step = STEPS[min(number, len(STEPS) - 1)]
        is_last = number == len(record.marks) - 1
        failed = is_last and (record.refusal is not None or record.failure is not None)
        yield {
            "step": step,
            "result": "refused" if failed and record.failure is None else "failed" if failed else "passed",
            "detail": _failure(record) if failed else _detail(step, record),
            "ms": round((mark - before) * 1000, 3),
        }
        before = mark
    if record.refusal is not None:
        yield {
            "step": "respond",
            "result": record.refusal.response_type.value,
            "detail": f"{record.status} {record.refusal.error_type}",
            "ms": 0.0,
        }


def _failure(record: Record) -> str:
    return record.failure or (record.refusal.reason if record.refusal is not None else "")


def _detail(step: str, record: Record) -> str:
    question, standing = record.question, record.standing
    match step:
        case "route" if question is not None:
            method = question.method
            return f"{method.name}, authorization {method.authorization_type.value}; asks for {question.arn}"
        case "screen":
            return "the resource policy has no deny that would spare the authorizer a call"
        case "authenticate" if standing is not None:
            return f"{describe_caller(standing.identity)}: {_describe_evidence(standing, record)}"
        case "authorize" if record.decision is not None:
            return _describe_decision(record)
        case "integrate" if question is not None:
            return f"{question.method.integration.type.value} answered {record.status}"
        case _:
            return ""


def _describe_evidence(standing: Standing, record: Record) -> str:
    if isinstance(standing.identity, IamIdentity) and standing.identity.access_key_id:
        return f"{standing.established_by} by access key {standing.identity.access_key_id}"
    if standing.kept_since is not None:
        age_seconds = max(0, int((record.at - standing.kept_since).total_seconds()))
        return f"{standing.established_by}, {age_seconds} s old"
    return standing.established_by


def describe_caller(identity: Identity) -> str:
    """Who calls, for people."""
    match identity:
        case IamIdentity():
            return identity.arn
        case PoolIdentity():
            return f"user `{identity.subject}` of {identity.pool_arn}"
        case AuthorizerIdentity():
            return f"principal `{identity.principal_id}` of authorizer {identity.authorizer_id}"
        case Anonymous():
            return "anonymous"


def _describe_decision(record: Record) -> str:
    decision = record.decision
    if decision is None:
        return ""
    if decision.statement is None:
        return f"{decision.outcome.value}: {_describe_silence(decision)}"
    sid = f" ({decision.statement.sid})" if decision.statement.sid else ""
    return f"{decision.outcome.value} by {decision.statement.policy}{decision.statement.pointer}{sid}"


def _describe_silence(decision: Decision) -> str:
    if decision.outcome is Outcome.ALLOW:
        return "no policy restricts this method"
    which = decision.decided_by.value if decision.decided_by is not None else PolicyType.IDENTITY.value
    return f"no statement of the {which} policies allows it"


def _decided_by(record: Record, statement: StatementRef | None) -> Json | None:
    if record.decision is None:
        return None
    decided_by = record.decision.decided_by
    return {
        "policy": statement.policy if statement is not None else None,
        "type": decided_by.value if decided_by is not None else None,
        "statement": statement.pointer if statement is not None else None,
        "sid": statement.sid if statement is not None else None,
    }


def _warnings(record: Record) -> Iterator[Json]:
    """What the caller will be surprised by next."""
    question, standing = record.question, record.standing
    if standing is not None and standing.vouched_by is not None:
        yield {
            "code": SIGNATURE_NOT_VERIFIED,
            "where": standing.vouched_by,
            "message": "the signature of this call was not verified: a rule names its access key; `yett vouch list`",
        }
    authorizer = question.method.authorizer if question is not None else None
    if question is None or standing is None or standing.authorizer_policy is None or authorizer is None:
        return
    finding = audit_answer(standing.authorizer_policy, authorizer, question.plan)
    if finding is not None:
        yield {"code": finding.code.value, "where": finding.where, "message": finding.message}


def _policies(record: Record) -> list[Json]:
    """Every statement that was weighed, and why it did or did not match."""
    if record.question is None:
        return []
    described: list[Json] = []
    for each in weighed(record.question, record.standing):
        described += trace(each.policies.sources, each.request, policy_type=each.type, level=each.level).describe()
    return described
