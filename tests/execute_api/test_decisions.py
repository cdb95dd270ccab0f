import gc
import types
from datetime import timedelta
from typing import Any

from msgspec import Struct
from tests.execute_api.support import Gateway, make_caller
from tests.rules.execute_api.support import (
    NOW,
    make_plan,
    make_request,
    method,
    pool_authorizer,
    resource,
    token_authorizer,
)

from yett.execute_api.decisions import Decisions, Record
from yett.rules.execute_api.deployment import AuthorizationType
from yett.rules.execute_api.errors import IntegrationFailure
from yett.values.http import HttpRequest, HttpResponse
from yett.values.secret import Secret


def answered(decisions: Decisions, number: int, *, refused: bool = False) -> Record:
    record = decisions.open(make_request(request_id=f"id{number}"), None)
    record.at = NOW + timedelta(seconds=number)
    if refused:
        record.refused(IntegrationFailure("it failed"), HttpResponse(status=500))
    else:
        record.integrated(HttpResponse(status=200))
    decisions.close(record)
    return record


def test_only_the_newest_records_are_kept() -> None:
    decisions = Decisions(kept=3)
    for number in range(5):
        answered(decisions, number)
    assert decisions.find("id1") is None
    assert decisions.find("id2") is not None
    assert [record.request_id for record in decisions.recent(2)] == ["id4", "id3"]
    assert len(decisions.recent(10)) == len(decisions) == 3


async def test_a_busy_api_does_not_drive_out_what_another_one_decided() -> None:
    decisions = Decisions(kept=2)
    quiet = decisions.open(make_request(request_id="quiet"), None)
    quiet.plan = make_plan(api_id="quiet")
    decisions.close(quiet)
    for number in range(9):
        answered(decisions, number)
    assert decisions.find("quiet") is quiet


def test_of_calls_that_were_allowed_one_in_so_many_is_kept_and_of_refusals_each() -> None:
    decisions = Decisions(allowed_one_in=4)
    for number in range(12):
        answered(decisions, number, refused=number % 3 == 0)
    kept = {record.request_id for record in decisions.recent(100)}
    assert {f"id{number}" for number in range(0, 12, 3)} < kept
    assert len(kept) == 4 + 8 // 4
    assert sum(row.calls for row in decisions.tally.counted()) == 12


def test_a_call_in_hand_is_found_and_told_of_as_waited_for() -> None:
    decisions = Decisions()
    record = decisions.open(make_request(request_id="slow"), None)
    answered(decisions, 1)
    assert decisions.find("slow") is record
    finished, waiting = decisions.since(NOW, 10)
    assert [each.request_id for each in finished] == ["id1"]
    assert waiting == record.at
    decisions.close(record)
    assert decisions.since(NOW, 10)[1] is None


def reachable_texts(record: Record) -> str:
    """All text and bytes that a record keeps alive, but for code and what every process has anyway."""
    seen: set[int] = set()
    found: list[str] = []
    queue: list[object] = [record]
    while queue:
        each = queue.pop()
        if id(each) in seen or isinstance(each, type | types.ModuleType | types.FunctionType | types.CodeType):
            continue
        seen.add(id(each))
        assert not isinstance(each, HttpRequest | types.FrameType | types.TracebackType), type(each)
        if isinstance(each, str | bytes):
            found.append(each if isinstance(each, str) else each.decode("latin-1"))
        queue += gc.get_referents(each)
        if isinstance(each, Struct):  # of which some are none of the collector's business
            queue += [getattr(each, name) for name in each.__struct_fields__]
    return "\n".join(found)


async def records_of_secrets() -> tuple[list[Record], list[str]]:
    """Calls of every kind, allowed and refused, that carry something nobody may find again."""
    bob = make_caller({})
    kinds = AuthorizationType
    door = Gateway(
        resource("/iam", method("ANY", kinds.AWS_IAM)),
        resource("/lambda", method("ANY", kinds.CUSTOM, authorizer_id="auth1")),
        resource("/pool", method("ANY", kinds.COGNITO_USER_POOLS, authorizer_id="auth2")),
        authorizers=(token_authorizer(), pool_authorizer()),
        callers=(bob,),
    )
    token, expired = door.token(), door.token(life_seconds=-1)
    cookie, body = ("Cookie", "session=crumbs-of-a-cookie"), b"the body of a letter"
    wrong = Secret("not the secret of bob")
    forged = make_caller({})
    forged = type(forged)(identity=forged.identity, secret_access_key=wrong, policies=forged.policies)
    requests = [
        door.signed(bob, "POST", "/iam", cookie, query="q=asked-in-the-query", body=body),
        door.signed(forged, "POST", "/iam", cookie, ("X-Amz-Security-Token", "a-token-of-a-session"), body=body),
        door.request("POST", "/iam", ("Authorization", "Bearer a-bearer-of-news"), cookie),
        door.request("POST", "/lambda", ("Authorization", "a-token-for-lambda"), cookie, body=body),
        door.request("POST", "/pool", ("Authorization", token), cookie, body=body),
        door.request("POST", "/pool", ("Authorization", expired), cookie, body=body),
        door.request("POST", "/none", ("Authorization", "Bearer a-bearer-of-news"), cookie, body=body),
    ]
    for request in requests:
        await door.answer(request)
    records = [record for request in requests if (record := door.decisions.find(request.request_id)) is not None]
    signatures = [
        value.rpartition("Signature=")[2]
        for request in requests[:2]
        for value in request.headers.get_all("authorization")
    ]
    secrets = [token, token.rpartition(".")[2], expired, bob.secret_access_key.reveal(), *signatures]
    words = ["crumbs", "letter", "asked-in-the-query", "a-token-of", "a-bearer-of", "a-token-for", "not the secret"]
    return records, secrets + words


async def test_a_record_keeps_nothing_that_was_presented() -> None:
    records, secrets = await records_of_secrets()
    assert len(records) == 7
    for record in records:
        texts = reachable_texts(record)
        assert record.path in texts
        assert [secret for secret in secrets if secret in texts] == []


async def test_a_record_of_a_refusal_keeps_no_answer_either() -> None:
    """AWS's text of a signature mismatch quotes the request's headers; the record must not."""
    records, _ = await records_of_secrets()
    refusal: Any = records[1].refusal
    assert refusal.error_type == "InvalidSignatureException"
    assert "Canonical" not in repr(refusal)
