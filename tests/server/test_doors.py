from collections.abc import Awaitable, Callable

import pytest
from tests.rules.execute_api.support import make_request

from yett.server.doors import Door, Doors, choose
from yett.values.http import HttpRequest, HttpResponse

POOL = "/us-east-1_AbCdEf123/.well-known"
BY_PATH = "/restapis/abc123/prod/_user_request_/pets"


@pytest.mark.parametrize(
    ("host", "path", "door"),
    [
        ("abc123.execute-api.localhost", "/prod/pets", Door.EXECUTE_API),
        ("abc123.execute-api.us-east-1.amazonaws.com", "/prod/pets", Door.EXECUTE_API),
        ("localhost", BY_PATH, Door.EXECUTE_API),
        ("127.0.0.1", "/restapis/abc123/prod/_user_request_", Door.EXECUTE_API),
        ("store.auth.localhost", "/oauth2/token", Door.HOSTED_LOGIN),
        ("store.auth.us-east-1.amazoncognito.com", "/oauth2/token", Door.HOSTED_LOGIN),
        ("localhost", f"{POOL}/jwks.json", Door.HOSTED_LOGIN),
        ("localhost", f"{POOL}/openid-configuration", Door.HOSTED_LOGIN),
        ("localhost", "/_yett/health", Door.ADMIN),
        ("localhost", "/", Door.CONTROL_PLANE),
        ("localhost", "/restapis", Door.CONTROL_PLANE),
        ("localhost", "/restapis/abc123/stages/prod", Door.CONTROL_PLANE),
        ("localhost", f"{POOL}/other/", Door.CONTROL_PLANE),
    ],
)
def test_host_and_path_choose_the_door(host: str, path: str, door: Door) -> None:
    assert choose(host, path) is door


@pytest.mark.parametrize(
    "path", ["/_yett/health", "/_yett/api/decisions/x", "/restapis", "/", f"{POOL}/jwks.json", BY_PATH]
)
def test_a_host_that_serves_invocations_serves_nothing_else(path: str) -> None:
    assert choose("abc123.execute-api.localhost", path) is Door.EXECUTE_API


@pytest.mark.parametrize("path", ["/_yett/health", "/_yett/api/decisions/x", "/restapis", "/", BY_PATH])
def test_a_host_that_serves_sign_in_serves_nothing_else(path: str) -> None:
    assert choose("store.auth.localhost", path) is Door.HOSTED_LOGIN


async def test_a_request_reaches_its_door_and_no_other() -> None:
    asked: list[str] = []

    def door(name: str) -> Callable[[HttpRequest], Awaitable[HttpResponse]]:
        async def answer(_: HttpRequest) -> HttpResponse:
            asked.append(name)
            return HttpResponse(status=200)

        return answer

    doors = Doors(**{each.value: door(each.value) for each in Door})
    for host, path in (
        ("a.execute-api.localhost", "/"),
        ("a.auth.localhost", "/"),
        ("localhost", "/_yett/ready"),
        ("localhost", "/"),
    ):
        await doors.answer(make_request("GET", path, stage="", host=host))
    assert asked == ["execute_api", "hosted_login", "admin", "control_plane"]
