import json
import re
from pathlib import Path

import pytest
from tests.cli.conftest import Shop
from tests.cli.processes import run
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
