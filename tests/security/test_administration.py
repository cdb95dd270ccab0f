"""Every operation of every service, asked without a signature, with a bad one, and by somebody who may do nothing."""

import http.client
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import botocore.session
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest, prepare_request_dict
from botocore.credentials import Credentials
from botocore.model import OperationModel, Shape
from botocore.serialize import create_serializer
from tests.sdk.making import make_user
from tests.sdk.running import RunningServer

SERVICES: Final = ("iam", "sts", "organizations", "lambda", "apigateway", "cognito-idp", "dynamodb")
# A signature is enough for these: they say who calls, or give the caller what it has already.
FOR_EVERY_CALLER: Final = {"sts:GetCallerIdentity", "sts:GetSessionToken"}
# What a model's patterns ask for; the first that fits is taken.
CANDIDATES: Final = (
    "abcdefgh", "arn:aws:iam::123456789012:role/abcdefgh", "arn:aws:iam::123456789012:policy/abcdefgh", "123456789012",
    "us-east-1_AbCdEfGhI", "r-abcd", "ou-abcd-abcdefgh", "p-abcdefgh", "o-abcdefghij", "car-" + "a" * 32,
    "someone@example.com", "arn:aws:lambda:us-east-1:123456789012:function:abcdefgh", "GET", "python3.11",
    "app.handler", "AKIAIOSFODNN7EXAMPLE", "lambda:InvokeFunction", "abcdefghijklmnopqrstuvwxyz", "+12065550100",
    "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_AbCdEfGhI", "123456", "h-abcdefgh",
    "arn:aws:dynamodb:us-east-1:123456789012:table/abcdefgh", "{}", "$LATEST", "/",
)  # fmt: skip
NO_SIGNATURE: Final = {"MissingAuthenticationToken", "MissingAuthenticationTokenException"}
BAD_SIGNATURE: Final = {"SignatureDoesNotMatch", "InvalidSignatureException"}
DENIED: Final = {"AccessDenied", "AccessDeniedException"}
NOT_PLAYED: Final = {"InvalidAction", "UnsupportedOperationException", "UnknownOperationException"}


def operations() -> list[tuple[str, OperationModel]]:
    session = botocore.session.get_session()
    models = [(service, session.get_service_model(service)) for service in SERVICES]
    return [(service, model.operation_model(name)) for service, model in models for name in model.operation_names]


def example(shape: Shape, depth: int = 0) -> Any:
    """The smallest value of a shape."""
    match shape.type_name:
        case "structure":
            names = shape.required_members if not getattr(shape, "is_tagged_union", False) else ()
            return {name: example(shape.members[name], depth + 1) for name in names} if depth < 8 else {}
        case "list":
            return [example(shape.member, depth + 1) for _ in range(max(1, shape.metadata.get("min", 1)))]
        case "map":
            return {example(shape.key, depth + 1): example(shape.value, depth + 1)}
        case "integer" | "long" | "float" | "double":
            return max(1, shape.metadata.get("min", 1))
        case "boolean":
            return True
        case "blob":
            return b"{}"
        case "timestamp":
            return "2026-01-01T00:00:00Z"
        case _:
            if shape.enum:
                return shape.enum[0]
            return example_text(shape.metadata)


def example_text(metadata: Any) -> str:
    least, most = metadata.get("min", 0), metadata.get("max", 100_000)
    pattern = metadata.get("pattern")
    for candidate in (*CANDIDATES, "a" * max(1, least)):
        if least <= len(candidate) <= most and fits(pattern, candidate):
            return candidate
    return "a" * max(1, least)


def fits(pattern: str | None, text: str) -> bool:
    try:
        return pattern is None or re.fullmatch(pattern, text) is not None
    except re.error:
        return True


class Asker:
    """Sends requests as botocore writes them, on one connection."""

    def __init__(self, running: RunningServer) -> None:
        self.running = running
        self.connection = http.client.HTTPConnection("127.0.0.1", running.server.port, timeout=30)

    def ask(
        self, service: str, operation: OperationModel, signed_by: Credentials | None = None, *, tamper: bool = False
    ) -> tuple[int, str]:
        """Status and error code."""
        model = operation.service_model
        params = example(operation.input_shape) if operation.input_shape is not None else {}
        serializer = create_serializer(model.metadata["protocol"], include_validation=False)
        request = serializer.serialize_to_request(params, operation)
        prepare_request_dict(request, self.running.server.url, user_agent="test")
        body = request["body"]
        content = body if isinstance(body, bytes) else request_body(request)
        headers = {str(name): str(value) for name, value in request["headers"].items()}
        if isinstance(body, dict) and body:
            headers["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8"
        headers["Host"] = f"localhost:{self.running.server.port}"
        url = request["url"]
        if signed_by is not None:
            aws = AWSRequest(method=request["method"], url=url, data=content, headers=headers)
            SigV4Auth(signed_by, model.signing_name, "us-east-1").add_auth(aws)
            headers = dict(aws.headers.items())
            if tamper:
                headers["Authorization"] = re.sub(r"Signature=(.)", flip, headers["Authorization"])
        target = url.partition("//")[2]
        self.connection.request(request["method"], "/" + target.partition("/")[2], body=content, headers=headers)
        answer = self.connection.getresponse()
        return answer.status, error_code(answer.read(), answer.getheader("x-amzn-ErrorType") or "")


def flip(match: re.Match[str]) -> str:
    return "Signature=" + ("0" if match[1] != "0" else "1")


def request_body(request: dict[str, Any]) -> bytes:
    form = AWSRequest(method="POST", url=request["url"], data=request["body"] or b"")
    prepared = form.prepare().body
    return prepared if isinstance(prepared, bytes) else (prepared or "").encode()


def error_code(body: bytes, header: str) -> str:
    if header:
        return header.partition(":")[0]
    found = re.search(rb"<Code>([^<]+)</Code>", body)
    if found is not None:
        return found[1].decode()
    try:
        answer = json.loads(body or b"{}")
    except ValueError:
        return ""
    return str(answer.get("__type", "")).rpartition("#")[2] if isinstance(answer, dict) else ""


@pytest.fixture(scope="module")
def asker(running: RunningServer) -> Iterator[Asker]:
    asking = Asker(running)
    yield asking
    asking.connection.close()


@pytest.fixture(scope="module")
def nobody(running: RunningServer) -> Credentials:
    return make_user(running)[1]


def test_without_a_signature_only_what_the_models_leave_open_is_served(asker: Asker) -> None:
    answers = {
        f"{service}:{operation.name}": (operation.auth_type, *asker.ask(service, operation))
        for service, operation in operations()
    }
    is_open = {name for name, (auth, _, code) in answers.items() if auth == "none"}
    refused = {name for name, (_, status, code) in answers.items() if status in {400, 403} and code in NO_SIGNATURE}
    assert set(answers) - is_open - refused == set(), {
        name: answers[name] for name in sorted(set(answers) - is_open - refused)[:20]
    }
    assert {name.partition(":")[0] for name in is_open} <= {"cognito-idp", "sts"}


def test_a_signature_that_is_not_good_is_none(asker: Asker) -> None:
    root = asker.running.root
    forged = Credentials(root.access_key, "x" * 40)
    unknown = Credentials("AKIAIOSFODNN7EXAMPLE", root.secret_key)
    for service, operation in operations():
        if operation.auth_type == "none":
            continue
        answers = [asker.ask(service, operation, forged), asker.ask(service, operation, unknown)]
        answers.append(asker.ask(service, operation, root, tamper=True))
        assert all(400 <= status < 404 for status, _ in answers), (operation.name, answers)
        assert answers[0][1] in BAD_SIGNATURE, (operation.name, answers)
        assert answers[2][1] in BAD_SIGNATURE, (operation.name, answers)


def test_a_good_signature_without_permission_does_nothing(asker: Asker, nobody: Credentials) -> None:
    answers = {
        f"{service}:{operation.name}": asker.ask(service, operation, nobody)
        for service, operation in operations()
        if operation.auth_type != "none"
    }
    done = {name for name, (status, _) in answers.items() if status < 400}
    assert done == FOR_EVERY_CALLER
    failed = {name: answer for name, answer in answers.items() if answer[0] >= 500}
    assert failed == {}
    kinds = Counter("denied" if code in DENIED else "other" for _, code in answers.values() if code not in NOT_PLAYED)
    assert kinds["denied"] > 10 * kinds["other"], kinds  # the rest broke a constraint of their model
