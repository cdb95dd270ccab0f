import csv
import io
import json

import pytest
import yaml
from tests.cli.conftest import Shop
from tests.cli.processes import run

from yett.cli.access_matrix import as_csv, as_html, as_text


def printed(shop: Shop, *words: str) -> str:
    result = run("yett", "access-matrix", *words, environment=shop.environment, cwd=shop.directory)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_every_form_says_the_same(shop: Shop) -> None:
    matrix = json.loads(printed(shop, "--json"))
    names = [each["principal"] for each in matrix["callers"]]
    cells = {
        (f"{route['method']} {route['path']}", name): outcome
        for route in matrix["routes"]
        for name, outcome in zip(names, route["outcomes"], strict=True)
    }
    assert cells["GET /signed", "user/clerk"] == "allow"
    assert cells["GET /signed", "user/thief"] == "explicit_deny"
    assert cells["GET /signed", "user/trainee"] == "implicit_deny"
    assert cells["GET /signed", "anonymous"] == "unauthenticated"
    assert cells["POST /mine", "anonymous"] == "needs_token"
    rows = list(csv.DictReader(io.StringIO(printed(shop, "--csv"))))
    assert {(f"{row['method']} {row['path']}", name): row[name] for row in rows for name in names} == cells
    routes = yaml.safe_load(printed(shop, "--yaml"))["routes"]
    assert {(route, name): outcome for route, row in routes.items() for name, outcome in row.items()} == cells
    assert "GET /signed" in printed(shop)
    page = printed(shop, "--html")
    assert '<td class="explicit_deny">DENY</td>' in page
    assert "DENY: something denies it" in page


def test_addresses_are_columns_of_their_own(shop: Shop) -> None:
    matrix = json.loads(printed(shop, "--json", "--source-ip", "10.0.0.1", "--source-ip", "192.0.2.1"))
    assert {each["sourceIp"] for each in matrix["callers"]} == {"10.0.0.1", "192.0.2.1"}


@pytest.mark.parametrize("name", ["=cmd()", "<script>alert(1)</script>"])
def test_names_stay_text_in_pages_and_spreadsheets(name: str) -> None:
    matrix = {
        "api": "a",
        "name": name,
        "stage": "s",
        "callers": [{"principal": name, "sourceIp": "10.0.0.1"}],
        "routes": [{"method": "GET", "path": "/", "authorization": "NONE", "outcomes": ["allow"]}],
    }
    assert "<script>" not in as_html(matrix)
    assert ",=cmd()" not in as_csv(matrix)


def test_in_a_narrow_terminal_numbers_stand_for_long_names() -> None:
    names = ["anonymous", "user/somebody-with-a-long-name", "role/another-one-with-a-long-name"]
    matrix = {
        "api": "a",
        "name": "pets",
        "stage": "prod",
        "callers": [{"principal": name, "sourceIp": "10.0.0.1"} for name in names],
        "routes": [{"method": "GET", "path": "/", "authorization": "AWS_IAM", "outcomes": ["allow"] * 3}],
    }
    assert names[2] in as_text(matrix).splitlines()[1]
    assert as_text(matrix, columns=80).splitlines() == [
        "pets (a), stage prod",
        "   1  anonymous",
        "   2  user/somebody-with-a-long-name",
        "   3  role/another-one-with-a-long-name",
        "       1    2    3",
        "GET /  yes  yes  yes",
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--source-ip", "here"), "`here` is no address"),
        ([each for n in range(9) for each in ("--source-ip", f"10.0.0.{n}")], "has room for 8 addresses"),
        (("--api", "none"), "there is no such API and stage here; there is "),
    ],
)
def test_what_cannot_be_asked_is_said(shop: Shop, words: tuple[str, ...], said: str) -> None:
    result = run("yett", "access-matrix", *words, environment=shop.environment, cwd=shop.directory)
    assert result.returncode == 1
    assert said in result.stderr
