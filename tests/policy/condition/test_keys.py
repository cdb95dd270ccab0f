import pytest
from tests.rules.execute_api.support import call, http, user

from yett.policy.condition.keys import EXECUTE_API_KEYS, GLOBAL_KEYS, is_known
from yett.rules.execute_api.call import Standing
from yett.rules.execute_api.request_context import CallContext


def test_every_key_is_spelled_as_keys_are_compared() -> None:
    assert {key.lower() for key in GLOBAL_KEYS | EXECUTE_API_KEYS} == GLOBAL_KEYS | EXECUTE_API_KEYS


def test_every_key_that_a_call_has_is_known() -> None:
    question = call(http()).routed.question
    assert [
        key for key in CallContext(question.facts, question.plan, Standing(identity=user())) if not is_known(key)
    ] == []


@pytest.mark.parametrize("key", ["", "aws", "aws:", "aws:x", "execute-api:x", ":sub", "example:sub", "example.com:"])
def test_other_keys_are_not(key: str) -> None:
    assert not is_known(key)
