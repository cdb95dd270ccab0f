import http.server
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from tests.cli.conftest import Shop
from tests.cli.processes import environment_of, run
from tests.cli.test_explain import make_key

from yett.cli.check import is_as_expected, outcome_of
from yett.cli.client import Answer
from yett.values.http import Headers

MATRIX = """
callers:
  anonymous: {}
  clerk: {env: CLERK}
  thief: {env: THIEF}
  guest: {token_env: GUEST_TOKEN}
routes:
  GET /open: {anonymous: allow, clerk: 200}
  GET /signed: {anonymous: unauthenticated, clerk: allow, thief: explicit_deny}
  GET /gated: {anonymous: needs_token, guest: allow}
  POST /mine: {anonymous: needs_token}
"""


@pytest.fixture
def environment(shop: Shop) -> dict[str, str]:
    given = {"GUEST_TOKEN": "open sesame"}
    for user in ("clerk", "thief"):
        for name, value in make_key(shop, user).items():
            given[name.replace("AWS", user.upper(), 1)] = value
    return shop.environment | given


def test_an_api_that_keeps_to_its_matrix_passes(shop: Shop, environment: dict[str, str]) -> None:
    (shop.directory / "matrix.yaml").write_text(MATRIX)
    words = ("yett", "check", "matrix.yaml", "--url", shop.url)
    result = run(*words, environment=environment, cwd=shop.directory)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "7 calls, 0 differ, 1 not sent" in result.stdout
    result = run(*words, "--all-methods", environment=environment, cwd=shop.directory)
    assert "8 calls, 0 differ" in result.stdout


def test_what_differs_is_reported_with_the_id_that_explains_it(shop: Shop, environment: dict[str, str]) -> None:
    (shop.directory / "wrong.yaml").write_text(MATRIX.replace("thief: explicit_deny", "thief: allow"))
    words = ("yett", "check", "wrong.yaml", "--url", shop.url)
    result = run(*words, environment=environment, cwd=shop.directory)
    assert result.returncode == 1
    found = re.search(r"GET /signed as thief: expected allow, got explicit_deny \(403\), request (\S+)", result.stdout)
    assert found is not None
    explained = run("yett", "explain", found[1], environment=shop.environment, cwd=shop.directory)
    assert "keep-out/Statement/0 (Never)" in explained.stdout
    summary = json.loads(run(*words, "--json", environment=environment, cwd=shop.directory).stdout)
    assert [each["caller"] for each in summary["differences"]] == ["thief"]


def test_credentials_that_are_not_there_are_asked_for(shop: Shop) -> None:
    (shop.directory / "matrix.yaml").write_text(MATRIX)
    result = run("yett", "check", "matrix.yaml", "--url", shop.url, environment=shop.environment, cwd=shop.directory)
    assert result.returncode == 1
    assert "set CLERK_ACCESS_KEY_ID and CLERK_SECRET_ACCESS_KEY" in result.stderr


def answer(status: int, error_type: str | None = None, body: bytes = b"") -> Answer:
    headers = Headers((("x-amzn-ErrorType", error_type),)) if error_type else Headers()
    return Answer(status=status, headers=headers, body=body)


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        (answer(200), "allow"),
        (answer(403), "allow"),  # the backend's own
        (answer(403, "AccessDeniedException:http://internal.amazon.com/", b"with an explicit deny"), "explicit_deny"),
        (answer(403, "AccessDeniedException", b"no identity-based policy allows"), "implicit_deny"),
        (answer(403, "MissingAuthenticationTokenException"), "unauthenticated"),
        (answer(401, "UnauthorizedException"), "needs_token"),
        (answer(500, "AuthorizerConfigurationException"), "error"),
        (answer(502, "InternalServerErrorException"), "allow"),
    ],
)
def test_what_the_gateway_decided_shows_in_its_answer(given: Answer, outcome: str) -> None:
    assert outcome_of(given) == outcome
    assert is_as_expected(outcome, given)
    assert is_as_expected(given.status, given)


@pytest.mark.parametrize(
    ("content", "url", "said"),
    [
        (b"routes: [", "http://localhost", "the matrix is no YAML"),
        (b"\x93\xff", "http://localhost", "no UTF-8"),
        (b"routes: {}", "http://[", "is no http or https URL"),
        (b"routes: {}", "localhost", "is no http or https URL"),
    ],
)
def test_what_cannot_be_checked_is_said_without_a_traceback(
    shop: Shop, tmp_path: Path, content: bytes, url: str, said: str
) -> None:
    (tmp_path / "matrix.yaml").write_bytes(content)
    result = run("yett", "check", "matrix.yaml", "--url", url, environment=shop.environment, cwd=tmp_path)
    assert result.returncode == 1
    assert said in result.stderr
    assert "Traceback" not in result.stderr


# -- a live API that is AWS's, as far as a matrix can tell

DENIED = "User: arn:aws:sts::123456789012:assumed-role/Dev/check is not authorized to perform: execute-api:Invoke"
ANSWERS = {
    # path -> status, error type, body; what AWS's own gateway is recorded to answer
    "/v1/signed": (403, "AccessDeniedException", f'{{"Message":"{DENIED} on resource: ... with an explicit deny"}}'),
    "/v1/token": (401, "UnauthorizedException", '{"message":"Unauthorized"}'),
    "/v1/open": (200, None, "{}"),
    "/v1/gone": (403, "MissingAuthenticationTokenException", '{"message":"Missing Authentication Token"}'),
}
ASSUMED = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>ASIAOFTHEROLE0000000</AccessKeyId><SecretAccessKey>the-secret-of-the-role-session</SecretAccessKey>
<SessionToken>the-token-of-the-role-session</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>
</AssumeRoleResult></AssumeRoleResponse>"""
LIVE = """
callers:
  nobody: {}
  dev: {profile: dev}
routes:
  GET /open: {nobody: allow, dev: allow}
  GET /signed: {dev: explicit_deny}
  GET /token: {nobody: needs_token}
  GET /gone: {nobody: allow}
"""


class AwsLike(http.server.BaseHTTPRequestHandler):
    """Answers as API Gateway and STS do, and remembers who asked."""

    asked: ClassVar[list[tuple[str, str]]] = []

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers.get("Authorization") or ""))
        status, error_type, body = ANSWERS[self.path]
        self.send_response(status)
        if error_type is not None:
            self.send_header("x-amzn-ErrorType", error_type)
        self.send_header("x-amzn-RequestId", "6f9619ff-8b86-d011-b42d-00cf4fc964ff")
        self._end(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self._end(ASSUMED)

    def _end(self, body: str) -> None:
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def live() -> Iterator[str]:
    AwsLike.asked.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), AwsLike) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_a_live_api_of_aws_is_called_with_the_credentials_of_the_aws_configuration(live: str, tmp_path: Path) -> None:
    (tmp_path / "live.yaml").write_text(LIVE)
    (tmp_path / "config").write_text(
        "[profile dev]\nrole_arn = arn:aws:iam::123456789012:role/Dev\nsource_profile = base\nregion = us-east-1\n"
    )
    (tmp_path / "credentials").write_text("[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = base\n")
    environment = environment_of(
        tmp_path / "home",
        AWS_CONFIG_FILE=str(tmp_path / "config"),
        AWS_SHARED_CREDENTIALS_FILE=str(tmp_path / "credentials"),
    )
    words = ("yett", "check", "live.yaml", "--url", f"{live}/v1", "--region", "eu-west-1")
    result = run(*words, environment=environment | {"AWS_ENDPOINT_URL_STS": live}, cwd=tmp_path)
    assert result.returncode == 1, result.stderr
    assert result.stdout.splitlines() == [
        "GET /gone as nobody: expected allow, got unauthenticated (403), request 6f9619ff-8b86-d011-b42d-00cf4fc964ff",
        "5 calls, 1 differ",
    ]
    signed = [evidence for path, evidence in AwsLike.asked if path == "/v1/signed"]
    assert [each.partition(", ")[0].rpartition("=")[2].split("/")[0] for each in signed] == ["ASIAOFTHEROLE0000000"]
    assert "/eu-west-1/execute-api/aws4_request" in signed[0]
    away = run(*words, environment=environment | {"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1"}, cwd=tmp_path)
    assert (away.returncode, "Traceback" in away.stderr) == (1, False)
    assert "caller `dev`, profile `dev`: Could not connect" in away.stderr
