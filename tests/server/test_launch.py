from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rules.execute_api.support import make_request

from yett.ports.settings import Settings
from yett.server.launch import Launch, encode, read_launch, read_request, read_response
from yett.values.http import Headers, HttpResponse

LINES = st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), max_size=5)


@given(LINES, st.binary(max_size=50), st.text(max_size=50))
def test_a_request_comes_over_the_link_as_it_was(lines: list[tuple[str, str]], body: bytes, path: str) -> None:
    request = make_request(path=path, headers=Headers.of(lines), body=body)
    assert read_request(encode(request)) == request
    assert read_request(encode(request)).received_at.tzinfo is not None


@given(st.integers(100, 999), LINES, st.binary(max_size=50))
def test_an_answer_comes_back_as_it_was(status: int, lines: list[tuple[str, str]], body: bytes) -> None:
    answer = HttpResponse(status=status, headers=Headers.of(lines), body=body)
    assert read_response(encode(answer)) == answer


def test_what_a_process_needs_to_begin_comes_whole() -> None:
    launch = Launch(
        settings=Settings(account="1" * 12),
        home="/h",
        master_keys="a,b",
        database_url=None,
        redis_url=None,
        endpoint_url="http://localhost:1",
        functions_path="/h/functions.sock",
        functions_token=b"t" * 32,
        commits=3,
        listening=(4, 5),
        hosts=("api.example.com",),
    )
    assert read_launch(encode(launch)) == launch


def test_what_is_no_value_of_ours_does_not_go_over_a_link() -> None:
    with pytest.raises(TypeError):
        encode(object())
    assert encode(datetime(2026, 1, 1, tzinfo=UTC))
