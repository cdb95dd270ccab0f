import csv
import io
import json

import pytest
import yaml
from tests.cli.conftest import Shop
from tests.cli.processes import run

from yett.cli.access_matrix import as_csv, as_html


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
    assert '<td class="explicit_deny">DENY</td>' in printed(shop, "--html")


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
