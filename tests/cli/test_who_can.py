import json

from tests.cli.conftest import Shop
from tests.cli.processes import run


def test_principals_and_tokens_are_listed(shop: Shop) -> None:
    def said(path: str, *words: str) -> str:
        result = run("yett", "who-can", "GET", path, *words, environment=shop.environment, cwd=shop.directory)
        assert result.returncode == 0, result.stderr
        return result.stdout

    assert "yes  user/clerk by sign/Statement/0" in said("/signed")
    assert "thief" not in said("/signed")
    assert "yes  anyone" in said("/open")
    assert "an access token of user pool" in said("/batch")
    assert "with scope shop/read" in said("/batch")
    assert "whoever authorizer Gate lets in" in said("/gated")
    assert "authorization NONE, from 10.0.0.1, vpc-1a2b3c4d, vpce-1a2b3c4d" in said(
        "/open", "--source-ip", "10.0.0.1", "--source-vpc", "vpc-1a2b3c4d", "--source-vpce", "vpce-1a2b3c4d"
    )
    answer = json.loads(said("/signed", "--json"))
    assert [each["principal"] for each in answer["callers"] if each["outcome"] == "allow"] == ["user/clerk"]


def test_a_method_that_is_not_there_is_said_to_be(shop: Shop) -> None:
    result = run("yett", "who-can", "GET", "/nowhere", environment=shop.environment, cwd=shop.directory)
    assert result.returncode == 1
    assert "has no method GET /nowhere" in result.stderr
