"""The trace of one call, computed when somebody asks: the path it took, and the statement that decided.

The form is the contract of `yett explain` and ``GET /_yett/api/decisions/{requestId}``. Nothing that was presented
appears in it.
"""

from collections.abc import Iterator
from typing import Final

from yett.execute_api.decisions import STEPS, Record
from yett.policy import Decision, Outcome, PolicyType, StatementRef, trace
from yett.rules.execute_api.audit import audit_answer
from yett.rules.execute_api.call import Question, Standing
from yett.rules.execute_api.deployment import AuthorizationType
from yett.rules.execute_api.gateway_responses.rest import customization
from yett.rules.execute_api.outcome_row import Table, find_row
from yett.rules.execute_api.request_ids import extended_request_id
from yett.rules.execute_api.wanted import wanted
from yett.rules.execute_api.weighing import weighed
from yett.values.identity import Anonymous, AuthorizerIdentity, IamIdentity, Identity, PoolIdentity

Json = dict[str, object]

SIGNATURE_NOT_VERIFIED: Final = "SIGNATURE_NOT_VERIFIED"
TABLES: Final = {
    Table.A: "outcome table A (caller and API in one account)",
    Table.B: "outcome table B (the caller is of another account)",
    Table.RESOURCE_POLICY: "the resource policy alone",
    Table.ORGANIZATION: "the organization, of whose SCPs and RCPs each level must allow",
}
SAYS: Final = {Outcome.ALLOW: "allows", Outcome.EXPLICIT_DENY: "denies", Outcome.IMPLICIT_DENY: "is silent"}
# Of a token that was accepted; what is said of the user stays out.
SHOWN_CLAIMS: Final = {"issuer": "iss", "tokenUse": "token_use", "issuedAt": "iat", "expiresAt": "exp"}


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
        "evidence": _evidence(record),
        "authorizer": _authorizer(record),
        "wants": wanted(record.question) if record.question is not None else None,
        "steps": list(_steps(record)),
        "cause": refusal.cause if refusal is not None else None,
        "warnings": list(_warnings(record)),
        "decidedBy": _decided_by(record, statement),
        "outcomeRow": _outcome_row(record),
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
            "detail": f"{record.status} {record.refusal.error_type}{_customized(record)}",
            "ms": 0.0,
        }


def _failure(record: Record) -> str:
    if record.failure is None and record.decision is not None and record.decision.outcome is not Outcome.ALLOW:
        return _describe_decision(record)
    return record.failure or (record.refusal.reason if record.refusal is not None else "")


def _customized(record: Record) -> str:
    """Whose gateway response the caller got, where it is the API owner's."""
    plan, refusal = record.plan, record.refusal
    if plan is None or refusal is None:
        return ""
    chosen = customization(refusal.response_type, refusal.default_status, plan.gateway_responses)
    return "" if chosen is None else f", as the API's own gateway response {chosen.response_type} says"


def _evidence(record: Record) -> Json | None:
    """Which evidence the method asks for and where it was looked for, and what of it is no secret; never the value."""
    question, refusal, identity = record.question, record.refusal, record.identity
    if question is None or question.method.authorization_type is AuthorizationType.NONE:
        return None
    if question.method.authorization_type is AuthorizationType.AWS_IAM:
        outline = refusal.outline if refusal is not None else None
        return {
            "kind": "signature",
            "accessKeyId": identity.access_key_id or None if isinstance(identity, IamIdentity) else None,
            "scope": outline.scope if outline is not None else None,
            "signedHeaders": outline.signed_headers.split(";") if outline is not None else [],
        }
    sources = question.method.authorizer.sources if question.method.authorizer is not None else ()
    claims = identity.claims if isinstance(identity, PoolIdentity) else {}
    return {
        "kind": "token" if len(sources) == 1 else "parts of the request",
        "from": [f"{each.place.value}{each.name}" for each in sources],
        **{name: claims[claim] for name, claim in SHOWN_CLAIMS.items() if claim in claims},
    }


def _authorizer(record: Record) -> Json | None:
    """The authorizer that was asked, or whose kept answer was taken."""
    authorizer = record.question.method.authorizer if record.question is not None else None
    if authorizer is None:
        return None
    standing = record.standing
    is_kept = standing is not None and standing.kept_since is not None
    return {
        "id": authorizer.id,
        "name": authorizer.name,
        "type": authorizer.type.value,
        "cacheSeconds": authorizer.ttl_seconds,
        "cached": is_kept,
        "ageSeconds": _age_seconds(record) if is_kept else None,
    }


def _age_seconds(record: Record) -> int:
    """How old the authorizer's answer was that the call was decided by."""
    since = record.standing.kept_since if record.standing is not None else None
    return 0 if since is None else max(0, int((record.at - since).total_seconds()))


def _outcome_row(record: Record) -> Json | None:
    """The row of the service's outcome table that the decision was read from, for programs and in words."""
    question = record.question
    row = None if question is None or record.decision is None else find_row(question, record.standing)
    if row is None or question is None:
        return None
    has_policy = question.plan.resource_policy is not None
    sides = [f"the resource policy {SAYS[row.resource]}" if has_policy else "there is no resource policy"]
    if row.caller is not None:
        sides.insert(0, f"the caller's side {SAYS[row.caller]}")
    return {
        "table": row.table.value,
        "caller": None if row.caller is None else row.caller.value,
        "resource": row.resource.value,
        "outcome": row.outcome.value,
        "text": f"{TABLES[row.table]}: {', '.join(sides)}; so {row.outcome.value}",
    }


def _detail(step: str, record: Record) -> str:
    question, standing = record.question, record.standing
    match step:
        case "route" if question is not None:
            method = question.method
            return f"{method.name}, authorization {method.authorization_type.value}; asks for {question.arn}"
        case "screen" if question is not None:
            return _describe_screening(question)
        case "authenticate" if standing is not None:
            return f"{_name_caller(record, standing.identity)}: {_describe_evidence(standing, record)}"
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
        return f"{standing.established_by}, {_age_seconds(record)} s old"
    return standing.established_by


def _describe_screening(question: Question) -> str:
    if question.method.authorization_type is not AuthorizationType.CUSTOM:
        return "nothing to do: only a Lambda authorizer can be spared a call"
    if question.plan.resource_policy is None:
        return "no resource policy that could spare the authorizer a call"
    return "no Deny of the resource policy spares the authorizer a call"


def _name_caller(record: Record, identity: Identity) -> str:
    """As ``describe_caller``, an authorizer by its name."""
    authorizer = record.question.method.authorizer if record.question is not None else None
    if isinstance(identity, AuthorizerIdentity) and authorizer is not None:
        return f"principal `{identity.principal_id}` of authorizer {authorizer.name} ({authorizer.id})"
    return describe_caller(identity)


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
        is_open = decision.decided_by is None
        return "no policy restricts this method" if is_open else "the root user may do what nothing denies"
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
