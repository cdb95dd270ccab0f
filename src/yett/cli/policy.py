"""`yett policy`: ask the policy language a question, or for its advice, without a server."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar

import click
import msgspec
from msgspec import Raw, Struct, structs

from yett.policy import (
    AuthorizationRequest,
    CallerPolicies,
    CompiledPolicies,
    Finding,
    Kind,
    MalformedPolicyDocument,
    NamedPolicy,
    PolicyType,
    Principal,
    PrincipalKind,
    RequestContext,
    Severity,
    Wording,
    compile_policies,
    decide,
    denial_suffix,
    expand_shorthand,
    lint,
    parse_stored_policy,
    trace,
)
from yett.policy.trace import describe_reference
from yett.values.arn import Arn, NotAnArn

LINE_BYTES: Final = 64 * 1024 * 1024  # ours: a line is read whole
Json = dict[str, Any]
Line = TypeVar("Line")
Scalar = str | bool | int | float

PROVIDERS: Final = ("oidc-provider/", "saml-provider/")
SERVICE_SUFFIXES: Final = (".amazonaws.com", ".amazonaws.com.cn")


class PoliciesLine(Struct, frozen=True):
    """Policies by type. An absent or empty boundary, session, scp or rcp is one that is not attached."""

    identity: list[Raw] | None = None
    resource: list[Raw] | None = None
    boundary: list[Raw] | None = None
    session: list[Raw] | None = None
    scp: list[list[Raw]] | None = None
    rcp: list[list[Raw]] | None = None


class RequestLine(Struct, frozen=True):
    """What is asked."""

    action: str
    resource: str
    principal: str
    principal_account: str | None = None
    resource_account: str | None = None
    context: dict[str, list[Scalar] | Scalar | None] = {}


class EvaluateLine(Struct, frozen=True):
    """One line for `yett policy evaluate`."""

    request: RequestLine
    policies: PoliciesLine = PoliciesLine()
    id: Any = None


class LintLine(Struct, frozen=True):
    """One line for `yett policy lint`."""

    policy: Raw
    kind: Kind = Kind.IDENTITY
    id: Any = None


class LineError(Exception):
    """A line that cannot be answered."""

    def __init__(self, code: str, message: str, path: str) -> None:
        super().__init__(message)
        self.answer = {"code": code, "message": message, "path": path}


@click.group()
def policy() -> None:
    """Evaluate and check IAM policies."""


@policy.command("evaluate")
@click.argument("source", metavar="-", type=click.Choice(["-"]), default="-")
@click.option("--trace", "traced", is_flag=True, help="Tell of every statement why it did or did not match.")
def evaluate_command(source: str, traced: bool) -> None:  # noqa: ARG001
    """Decide requests: a JSON object a line on standard input, an answer a line on standard output."""
    answer_lines(sys.stdin.buffer, lambda line: answer_evaluate(line, traced=traced))


@policy.command("lint")
@click.argument("sources", metavar="-|FILE...", nargs=-1, required=True)
@click.option("--kind", type=click.Choice([kind.value for kind in Kind]), default="identity", help="Of the files.")
@click.option("--json", "as_json", is_flag=True, help="Answer with a JSON object a line.")
def lint_command(sources: tuple[str, ...], kind: str, as_json: bool) -> None:
    """Check policies: files, or with `-` a JSON object a line on standard input."""
    if "-" in sources:
        if len(sources) > 1:
            raise click.UsageError("give either `-` or files")
        answer_lines(sys.stdin.buffer, answer_lint, render=json.dumps if as_json else render_lint)
        return
    invalid = False
    for name in sources:
        try:
            text = Path(name).read_bytes()
        except OSError as error:
            raise click.ClickException(f"cannot read `{name}`: {error.strerror}") from None
        answer = lint_answer(name, lint(text, kind=Kind(kind)))
        invalid = invalid or not answer["valid"]
        click.echo(json.dumps(answer) if as_json else render_lint(answer))
    if invalid:
        raise SystemExit(1)


def answer_lines(
    stream: BinaryIO, answer: Callable[[bytes], Json], *, render: Callable[[Json], str] = json.dumps
) -> None:
    """Answer each line as it arrives, up to the end of input; a line that cannot be read is answered with its error."""
    for line in read_lines(stream):
        try:
            answered = answer(line)
        except LineError as error:
            answered = {"id": find_id(line), "error": error.answer}
        except Exception as error:  # noqa: BLE001 - the next line still wants its answer
            internal = {"code": "InternalError", "message": f"{type(error).__name__}: {error}", "path": ""}
            answered = {"id": find_id(line), "error": internal}
        click.echo(render(answered))  # flushes


def read_lines(stream: BinaryIO) -> Iterator[bytes]:
    """The lines that are not blank; of one that is too long only the beginning, which is no JSON."""
    while line := stream.readline(LINE_BYTES):
        rest = line
        while not rest.endswith(b"\n") and (rest := stream.readline(LINE_BYTES)):
            pass
        if line.strip():
            yield line


def answer_evaluate(line: bytes, *, traced: bool) -> Json:
    """The answer to one line."""
    asked = decode(line, EvaluateLine)
    request, same_account = read_request(asked.request)
    policies = read_policies(asked.policies, request)
    if policies[PolicyType.BOUNDARY]:
        request = structs.replace(request, principal=structs.replace(request.principal, has_boundary=True))
    resource = compile_one(policies[PolicyType.RESOURCE])
    decision = decide(
        request,
        caller=read_caller(policies, request),
        resource_policy=resource,
        same_account=same_account,
    )
    because: Json = {"type": None if decision.decided_by is None else decision.decided_by.value}
    if decision.statement is not None:
        because |= describe_reference(decision.statement)
    because["reason"] = denial_suffix(decision, request.action, wording=Wording.CURRENT).strip() or "allowed"
    answer: Json = {"id": asked.id, "decision": decision.outcome.value, "because": [because]}
    if traced:
        answer["trace"] = [
            statement
            for policy_type, levels in policies.items()
            for number, level in enumerate(levels)
            for statement in trace(
                level, request, policy_type=policy_type, level=number if policy_type in LEVELLED else None
            ).describe()
        ]
    return answer


LEVELLED: Final = frozenset({PolicyType.SCP, PolicyType.RCP})
Levels = list[list[NamedPolicy]]


def read_policies(policies: PoliciesLine, request: AuthorizationRequest) -> dict[PolicyType, Levels]:
    """The documents by type, in levels: one level of those that have none, no level of what is not attached."""
    read: dict[PolicyType, Levels] = {}
    for policy_type in PolicyType:
        given = getattr(policies, policy_type.value) or []
        levels: Sequence[Sequence[Raw]] = given if policy_type in LEVELLED else [given] if given else []
        read[policy_type] = [
            [
                read_document(raw, Kind(policy_type.value), place(policy_type, number, index), request)
                for index, raw in enumerate(level)
            ]
            for number, level in enumerate(levels)
        ]
    return read


def place(policy_type: PolicyType, level: int, index: int) -> str:
    """Where in the line a document stands, and so what it is called."""
    return f"{policy_type.value}/{level}/{index}" if policy_type in LEVELLED else f"{policy_type.value}/{index}"


def read_document(raw: Raw, kind: Kind, name: str, request: AuthorizationRequest) -> NamedPolicy:
    """Parse one document, which may be an object or its text; a resource policy's short ARNs are those of the request.

    Raises:
        LineError: It is no policy of its kind.
    """
    try:
        document = parse_stored_policy(document_text(raw), kind=kind)
    except MalformedPolicyDocument as fault:
        message = f"{fault.reason} ({fault.detail})"
        raise LineError("MalformedPolicyDocument", message, f"/policies/{name}{fault.path}") from None
    if kind is Kind.RESOURCE:
        match request.resource.split(":", 5):
            case ["arn", partition, "execute-api", region, account, rest]:
                api_id = rest.partition("/")[0]
                document = expand_shorthand(
                    document, partition=partition, region=region, account=account, api_id=api_id
                )
    return NamedPolicy(name, document)


def document_text(raw: Raw) -> bytes | str:
    """The text of a document, as itself or within a JSON string."""
    text = bytes(raw)
    return msgspec.json.decode(text, type=str) if text.startswith(b'"') else text


def read_request(line: RequestLine) -> tuple[AuthorizationRequest, bool]:
    """The request, and whether caller and resource belong to one account; a caller without an account counts as so."""
    principal = read_principal(line)
    try:
        own_account = Arn.parse(line.resource).account
    except NotAnArn:
        own_account = ""
    resource_account = line.resource_account or own_account or principal.account or ""
    request = AuthorizationRequest(
        action=line.action,
        resource=line.resource,
        principal=principal,
        resource_account=resource_account,
        context=RequestContext.of(line.context),
    )
    return request, principal.account is None or principal.account == resource_account


def read_principal(line: RequestLine) -> Principal:
    """The principal that a line names.

    Raises:
        LineError: It is no ARN of a principal, no service and not ``anonymous``.
    """
    text = line.principal
    if text == "anonymous":
        return Principal.anonymous()
    if text.endswith(SERVICE_SUFFIXES) and ":" not in text:
        return Principal.service(text)
    try:
        if Arn.parse(text).resource.startswith(PROVIDERS):
            return Principal.federated(text)
        return Principal.from_arn(text, account=line.principal_account, issuer=find_issuer(line))
    except NotAnArn as error:
        raise LineError("InvalidPrincipal", error.reason, "/request/principal") from None


def find_issuer(line: RequestLine) -> str | None:
    """The role's ARN with its path, where the context tells it: a session's own ARN leaves the path out."""
    given = RequestContext.of(line.context).find("aws:principalarn")
    role = given[0] if given is not None else ""
    name = line.principal.split("/")[1] if line.principal.count("/") > 1 else ""
    return role if ":role/" in role and name and role.endswith(f"/{name}") else None


def read_caller(policies: dict[PolicyType, Levels], request: AuthorizationRequest) -> CallerPolicies | None:
    """The policies on the caller's side; None for a caller who has no side of its own."""
    kind = request.principal.kind
    without_side = kind in {PrincipalKind.ANONYMOUS, PrincipalKind.SERVICE, PrincipalKind.FEDERATED}
    own = [levels for policy_type, levels in policies.items() if policy_type is not PolicyType.RESOURCE]
    if without_side and not any(own):
        return None
    return CallerPolicies(
        identity=compile_one(policies[PolicyType.IDENTITY]) or compile_policies((), actions=None),
        boundary=compile_one(policies[PolicyType.BOUNDARY]),
        session=compile_one(policies[PolicyType.SESSION]),
        scp=tuple(compile_policies(level, actions=None) for level in policies[PolicyType.SCP]),
        rcp=tuple(compile_policies(level, actions=None) for level in policies[PolicyType.RCP]),
        is_root=kind is PrincipalKind.ROOT,
    )


def compile_one(levels: Levels) -> CompiledPolicies | None:
    """The one level there is, compiled; None without one."""
    return compile_policies(levels[0], actions=None) if levels else None


def answer_lint(line: bytes) -> Json:
    """The answer to one line of `yett policy lint -`."""
    asked = decode(line, LintLine)
    return lint_answer(asked.id, lint(document_text(asked.policy), kind=asked.kind))


def lint_answer(name: object, findings: tuple[Finding, ...]) -> Json:
    """What was found, as JSON."""
    return {
        "id": name,
        "valid": all(finding.severity is not Severity.ERROR for finding in findings),
        "findings": [structs.asdict(finding) for finding in findings],
    }


def render_lint(answer: Json) -> str:
    """The same for people."""
    if "error" in answer:
        return f"{answer['id']}: {answer['error']['message']}"
    lines = [f"{answer['id']}: {'valid' if answer['valid'] else 'invalid'}"]
    lines += [f"  {f['severity']} {f['code']} at `{f['path'] or '/'}`: {f['message']}" for f in answer["findings"]]
    return "\n".join(lines)


def decode(line: bytes, shape: type[Line]) -> Line:
    """Read a line as JSON of a shape.

    Raises:
        LineError: It is no JSON, or of another shape.
    """
    try:
        return msgspec.json.decode(line, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise LineError("InvalidLine", str(error), "") from None


def find_id(line: bytes) -> object:
    """The id of a line that could not be answered; None where not even that can be read."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value.get("id") if isinstance(value, dict) else None
