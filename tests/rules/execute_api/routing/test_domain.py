import pytest

from yett.rules.execute_api.routing.domain import Target, find_api, locate


@pytest.mark.parametrize(
    ("host", "path", "expected"),
    [
        ("abc123.execute-api.localhost", "/prod/pets", Target("abc123", "prod", "/pets")),
        ("abc123.execute-api.us-east-1.amazonaws.com", "/prod/pets", Target("abc123", "prod", "/pets")),
        ("abc123.execute-api.localhost", "/prod", Target("abc123", "prod", "/")),
        ("abc123.execute-api.localhost", "/prod//pets/", Target("abc123", "prod", "//pets/")),
        ("abc123.execute-api.localhost", "/", Target("abc123", "", "/")),
        ("localhost", "/restapis/abc123/prod/_user_request_/pets", Target("abc123", "prod", "/pets")),
        ("localhost", "/restapis/abc123/prod/_user_request_", Target("abc123", "prod", "/")),
        ("localhost", "/restapis/abc123/prod/_user_request_x", None),
        ("localhost", "/restapis/abc123", None),
        ("localhost", "/prod/pets", None),
        ("abc123.execute-api.example.com", "/prod/pets", None),
        ("evil.abc123.execute-api.localhost", "/prod/pets", None),
        ("abc123.execute-api.localhost.evil", "/prod/pets", None),
    ],
)
def test_host_or_path_names_api_and_stage(host: str, path: str, expected: Target | None) -> None:
    assert locate(host, path) == expected


def test_only_hosts_of_invocations_are_such() -> None:
    assert find_api("abc123.execute-api.localhost") == "abc123"
    assert find_api("localhost") is None
    assert find_api("abc123.execute-api.localhost\n") is None
