"""What is counted of calls: each once, under names that no caller chooses."""

import pytest
from tests.execute_api.support import Gateway, allow, make_caller
from tests.rules.execute_api.support import AUTHORIZER_FUNCTION, method, resource, token_authorizer

from yett.execute_api.tally import BOUNDS, Counted, Tally
from yett.rules.execute_api.deployment import AuthorizationType

CUSTOM, IAM = AuthorizationType.CUSTOM, AuthorizationType.AWS_IAM


def by_outcome(door: Gateway) -> dict[tuple[str, str, str, int, str], int]:
    rows = door.decisions.tally.counted()
    return {(row.method, row.resource_path, row.outcome, row.status, row.cache): row.calls for row in rows}


async def test_calls_are_counted_by_route_outcome_status_and_cache() -> None:
    door = Gateway(
        resource("/pets/{id}", method("ANY", CUSTOM, authorizer_id="auth1")),
        authorizers=(token_authorizer(),),
    )
    for number in range(3):
        await door.call("GET", f"/pets/{number}", ("Authorization", "one"))
    await door.call("GET", "/pets/7")
    door.runner.handlers[AUTHORIZER_FUNCTION] = lambda _: allow(effect="Deny")
    await door.call("DELETE", "/pets/7", ("Authorization", "another"))
    assert by_outcome(door) == {
        ("ANY", "/pets/{id}", "allow", 200, "miss"): 1,
        ("ANY", "/pets/{id}", "allow", 200, "hit"): 2,
        ("ANY", "/pets/{id}", "unauthenticated", 401, ""): 1,
        ("ANY", "/pets/{id}", "explicit_deny", 403, "miss"): 1,
    }
    assert {row.authorization_type for row in door.decisions.tally.counted()} == {"CUSTOM"}


async def test_what_a_caller_makes_up_is_no_name_of_a_row() -> None:
    door = Gateway(resource("/iam", method("GET", IAM)), callers=(make_caller({}),))
    for number in range(20):
        await door.call("GET", f"/made-up-{number}")
        await door.call(f"VERB{number}", "/iam")
        await door.call("GET", "/", host=f"madeup{number}.execute-api.localhost")
    rows = door.decisions.tally.counted()
    assert len(rows) <= 4
    assert sum(row.calls for row in rows) == 60
    assert "made" not in repr(rows)
    assert "VERB" not in repr(rows)


async def test_a_bound_on_rows_holds_what_it_holds_and_counts_the_rest_without_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("yett.execute_api.tally.MAX_ROWS", 2)
    door = Gateway(*(resource(f"/r{number}", method("GET")) for number in range(5)))
    for number in range(5):
        await door.call("GET", f"/r{number}")
    named = {row.resource_path: row.calls for row in door.decisions.tally.counted()}
    assert named == {"/r0": 1, "/r1": 1, "": 3}


def test_each_call_falls_into_the_first_bucket_that_holds_it() -> None:
    tally = Tally()
    names = ("a", "prod", "GET", "/", "NONE", "allow", 200, "", "")
    for seconds in (0.0, 0.001, 0.0011, 29.0, 29.1):
        tally.row(names).add(seconds)
    [row] = tally.counted()
    assert isinstance(row, Counted)
    assert (row.calls, row.resource_path, row.status) == (5, "/", 200)
    assert row.buckets == (2, 1, *(0 for _ in BOUNDS[3:]), 1, 1)
    assert row.seconds == pytest.approx(58.1021)
