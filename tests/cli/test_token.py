import json
from base64 import b64decode
from typing import Any

import jwt as pyjwt
import pytest
from click.testing import CliRunner
from tests.tokens.support import CLAIMS, jwk, private_key

from yett.cli.token import token

NOW = "2026-01-01T00:00:00Z"
JWKS = {"keys": [jwk("RS256"), jwk("ES256", kid="two")]}


def answers(*lines: object) -> list[dict[str, Any]]:
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    result = CliRunner().invoke(token, ["verify", "-"], input=text)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.output.splitlines()]


def line_of(
    claims: dict[str, Any] | None = None, *, alg: str = "RS256", kid: str = "one", **more: object
) -> dict[str, Any]:
    text = pyjwt.encode({**CLAIMS, **(claims or {})}, private_key(alg), algorithm=alg, headers={"kid": kid})
    return {"id": "one", "token": text, "jwks": JWKS, "now": NOW, **more}


def test_a_good_token_is_valid() -> None:
    wanted = {"issuer": CLAIMS["iss"], "audience": "client", "token_use": "access", "scopes": ["a"]}
    line = line_of({"client_id": "client", "token_use": "access", "scope": "a b"}, **wanted)
    (answer,) = answers(line)
    assert answer["valid"] is True
    assert answer["header"] == {"alg": "RS256", "kid": "one", "typ": "JWT"}
    assert answer["claims"]["sub"] == "kelpie"
    assert answers({**line, "jwks": json.dumps(JWKS)})[0]["valid"] is True
    assert answers(line_of(alg="ES256", kid="two"))[0]["valid"] is True


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (line_of({"exp": 1}), "Expired"),
        (line_of({"nbf": 1_999_999_999}), "NotYetValid"),
        (line_of(issuer="https://other.example"), "Issuer"),
        (line_of(audience=["x"]), "Audience"),
        (line_of(token_use="id"), "TokenUse"),
        (line_of(scopes=["a"]), "Scope"),
        (line_of(algorithms=["ES256"]), "Algorithm"),
        (line_of(algorithms=[]), "Algorithm"),
        (line_of(kid="three"), "UnknownKey"),
        (line_of(kid="two"), "UnknownKey"),
        (line_of() | {"token": "a.b"}, "Segments"),
        (line_of() | {"token": line_of()["token"] + "="}, "Encoding"),
        (line_of() | {"token": line_of()["token"][:-8] + "AAAAAAAA"}, "Signature"),
        (line_of() | {"jwks": {"keys": 1}}, "Key"),
    ],
)
def test_each_fault_has_its_code(line: dict[str, Any], code: str) -> None:
    (answer,) = answers(line)
    assert (answer["id"], answer["valid"]) == ("one", False)
    assert answer["error"]["code"] == code
    assert answer["error"]["message"]


def test_of_the_signature_alone_the_payload_is_given() -> None:
    line = line_of({"exp": 1}, signature_only=True)
    del line["now"]
    (answer,) = answers(line)
    assert json.loads(b64decode(answer["payload_base64"]))["exp"] == 1
    assert "claims" not in answer


def test_a_line_that_cannot_be_read_is_answered_and_the_run_goes_on() -> None:
    bad: list[object] = [
        "{",
        {"id": 1},
        line_of() | {"jwks": []},
        line_of() | {"now": 5},
        line_of() | {"scopes": [1]},
        line_of() | {"signature_only": "yes"},
        line_of() | {"token": None},
    ]
    *given, last = answers(*bad, line_of())
    assert [answer["error"]["code"] for answer in given] == ["UnreadableLine"] * len(bad)
    assert last["valid"] is True
