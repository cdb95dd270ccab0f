import pytest

from yett.rules.execute_api.http_target import HttpTarget, NotAnHttpTarget, fill_stage_variables, parse_http_target


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("http://backend.test", ("http", "backend.test", 80, "/", "")),
        ("https://backend.test/", ("https", "backend.test", 443, "/", "")),
        ("http://127.0.0.1:8080/a/{proxy}?k=v", ("http", "127.0.0.1", 8080, "/a/{proxy}", "k=v")),
        ("http://[::1]:8080/a", ("http", "::1", 8080, "/a", "")),
        ("https://${stageVariables.host}/v1", ("https", "real.test", 443, "/v1", "")),
        ("${stageVariables.url}/x", ("http", "from.test", 8080, "/x", "")),
    ],
)
def test_a_uri_is_taken_apart(uri: str, expected: tuple[str, str, int, str, str]) -> None:
    scheme, host, port, path, query = expected
    variables = {"host": "real.test", "url": "http://from.test:8080"}
    assert parse_http_target(uri, stage_variables=variables) == HttpTarget(
        scheme=scheme, host=host, port=port, path=path, query=query
    )


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "ftp://backend.test/",
        "//backend.test/",
        "http:///path",
        "http://backend.test:port/",
        "http://backend.test:99999/",
        "http://${stageVariables.absent}/",
        "http://{tenant}.backend.test/",
        "http://backend{proxy}",
        "http://user:password@backend.test/",
    ],
)
def test_what_names_no_endpoint_or_leaves_its_host_to_the_caller_is_refused(uri: str) -> None:
    with pytest.raises(NotAnHttpTarget):
        parse_http_target(uri, stage_variables={})


def test_a_variable_that_the_stage_has_not_stays_as_it_is() -> None:
    assert fill_stage_variables("${stageVariables.a}${stageVariables.b}", {"a": "1"}) == "1${stageVariables.b}"
