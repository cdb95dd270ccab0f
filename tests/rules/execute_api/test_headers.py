import json

import pytest
from tests.rules.execute_api.support import CASES

from yett.rules.execute_api.headers import FUNCTION, HTTP_PROXY, treat_response, withheld_from

ROWS = json.loads((CASES / "headers.json").read_text())["rows"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_header_of_the_client_is_passed_or_dropped(row: list[str]) -> None:
    """The gateway's own (the last rows) are written anew for the backend."""
    name, to_http, to_function, _, _ = row
    assert (name.lower() in withheld_from(HTTP_PROXY)) is (to_http == "D")
    assert (name.lower() in withheld_from(FUNCTION)) is (to_function == "D")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_header_of_the_backend_is_passed_renamed_or_dropped(row: list[str]) -> None:
    name, _, _, of_http, of_function = row
    expected = {"P": name, "D": None, "R": f"x-amzn-remapped-{name}"}
    assert treat_response(name, HTTP_PROXY) == expected[of_http]
    assert treat_response(name, FUNCTION) == expected[of_function]
    assert (treat_response(name.upper(), HTTP_PROXY) is None) is (of_http == "D")
