import json
import subprocess
from typing import Any

import pytest
from tests.cli.conftest import Shop
from tests.cli.processes import run

ROLE = "role/nobody-has-it"


def yett(shop: Shop, *words: str) -> subprocess.CompletedProcess[str]:
    return run("yett", *words, environment=shop.environment, cwd=shop.directory)


def simulated(shop: Shop, *words: str) -> tuple[int, dict[str, Any]]:
    result = yett(shop, "simulate", *words, "--json")
    assert result.stdout, result.stderr
    return result.returncode, json.loads(result.stdout)


SIMULATIONS = (
    # path, as whom, exit code, outcome
    ("/open", "anonymous", 0, "allow"),
    ("/signed", "user/clerk", 0, "allow"),
    ("/signed", "user/thief", 1, "explicit_deny"),
    ("/signed", "user/trainee", 1, "implicit_deny"),
    ("/signed", "anonymous", 1, "unauthenticated"),
    ("/batch", "anonymous", 1, "unauthenticated"),
    ("/nowhere", "anonymous", 1, "unauthenticated"),
    ("/nowhere", "user/clerk", 1, "error"),
)


@pytest.mark.parametrize(("path", "whom", "code", "outcome"), SIMULATIONS, ids=[f"{s[0]}-{s[1]}" for s in SIMULATIONS])
def test_a_call_that_nobody_makes_is_decided(shop: Shop, path: str, whom: str, code: int, outcome: str) -> None:
    exit_code, trace = simulated(shop, "GET", path, "--as", whom)
    assert (exit_code, trace["outcome"], trace["simulated"]) == (code, outcome, True)
    assert "integrate" not in [step["step"] for step in trace["steps"]]
    assert bool(trace["wouldAllow"]) is (outcome in {"explicit_deny", "implicit_deny"})


def test_an_authorizer_that_is_not_asked_leaves_it_unknown(shop: Shop) -> None:
    sesame = ("GET", "/gated", "--token", "open sesame, says nobody else")  # no other test's answer is kept under it
    assert yett(shop, "simulate", *sesame).returncode == 2
    code, trace = simulated(shop, *sesame)
    assert (code, trace["outcome"], trace["steps"][-1]["result"]) == (2, "unknown", "unknown")
    assert "--invoke-authorizer" in trace["steps"][-1]["detail"]
    code, trace = simulated(shop, *sesame, "--invoke-authorizer")
    assert (code, trace["outcome"]) == (0, "allow")
    assert simulated(shop, *sesame)[0] == 2  # nothing was kept


def test_a_url_names_api_and_stage_too(shop: Shop) -> None:
    assert simulated(shop, "GET", f"{shop.url}/signed", "--as", "user/clerk")[0] == 0


def test_the_tree_ends_with_what_would_allow_it(shop: Shop) -> None:
    result = yett(shop, "simulate", "GET", "/signed", "--as", "user/trainee")
    assert result.returncode == 1
    assert result.stdout.startswith("GET /signed  implicit_deny")
    assert "what would allow it" in result.stdout
    assert "add an Allow of execute-api:Invoke on arn:aws:execute-api:" in result.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("GET", "/signed", "--as", ROLE), "there is no principal `role/nobody-has-it`"),
        (("GET", "/open", "--api", "other"), "there is no such API and stage here"),
        (("GET", "open"), "a path begins with a slash"),
        (("BREW", "/open"), "is no method of an API"),
        (("GET", "/open", "--time", "yesterday"), "write it as 2026-01-31T12:00:00Z"),
        (("GET", "/open", "--source-ip", "here"), "`here` is no address"),
        (("GET", "/open", "--source-vpc", "here"), "`here` is no VPC: write vpc-1a2b3c4d"),
        (("GET", "/open", "--source-vpce", "vpc-1a2b3c4d"), "`vpc-1a2b3c4d` is no VPC endpoint"),
        (("GET", "/open", "--colour"), "No such option"),
        (("GET", "https://example.com/x"), "names no API of this server"),
        (("GET", "/open", "-H", "nonsense"), "write NAME: VALUE"),
    ],
)
def test_what_cannot_be_simulated_is_said(shop: Shop, words: tuple[str, ...], said: str) -> None:
    result = yett(shop, "simulate", *words)
    assert result.returncode == 3  # a CI that expects a refusal is not content with this
    assert said in result.stderr
