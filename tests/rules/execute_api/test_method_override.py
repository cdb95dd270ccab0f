import pytest
from tests.rules.execute_api.support import make_request

from yett.rules.execute_api.method_override import override_method


def test_the_header_names_the_method_of_the_call() -> None:
    overridden = override_method(make_request("POST", "/", ("X-HTTP-Method-Override", "DELETE")))
    assert overridden.method == "DELETE"


@pytest.mark.parametrize("headers", [(), (("X-HTTP-Method-Override", ""),), (("X-HTTP-Method-Override", "POST"),)])
def test_without_another_method_the_request_is_the_very_same(headers: tuple[tuple[str, str], ...]) -> None:
    request = make_request("POST", "/", *headers)
    assert override_method(request) is request


def test_the_name_is_taken_to_the_letter() -> None:
    """So that what no method is called by is routed nowhere."""
    assert override_method(make_request("POST", "/", ("X-HTTP-Method-Override", "delete"))).method == "delete"
