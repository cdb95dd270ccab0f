"""The compiled functions answer as the definitions that they stand in for, or leave the answer to them."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import structs
from tests.rules.execute_api.support import NOW, REQUEST_ID, call, http
from tests.twins import needs_twin

from yett import compiled
from yett.compiled import twin
from yett.rules.execute_api import headers
from yett.rules.execute_api.call import Authorized
from yett.rules.execute_api.deployment import AuthorizationType
from yett.rules.execute_api.headers import FUNCTION, HTTP_PROXY, REQUEST, RESPONSE, Withheld, treat_response
from yett.rules.execute_api.integrations import http_answer, http_request
from yett.rules.execute_api.integrations.http_answer import relay
from yett.rules.execute_api.integrations.http_request import build_headers, build_request
from yett.rules.execute_api.mapping.trace_header import make_root
from yett.rules.execute_api.request_ids import extended_request_id, request_id_lines
from yett.values.http import Headers, Lines

MODULE = "yett.rules.execute_api.plain_lines"
pytestmark = needs_twin(MODULE)


class Text(str):
    """Text that is not quite a text."""

    __slots__ = ()


def spelled(name: str) -> st.SearchStrategy[str]:
    return st.sampled_from([name, name.upper(), name.title(), name.replace("-", "_")])


NAMES = st.sampled_from(
    [
        *REQUEST,
        *RESPONSE,
        *headers.OWN,
        "User-Agent",
        "X-A",
        "x-yett-source-vpc",
        "",
        "a" * 65,
        "\xfc",
        "ﬀ",
        "X-User",
        "x_user",
    ]
).flatmap(spelled)
VALUES = st.sampled_from(
    ["", "a", "AWS4-HMAC", "Root=1-5759e988-bd862e3fe1be46a994272793", "keep-alive", "\xfc", "\u20ac", "a\r\nb: c"]
)
LINES = st.lists(st.tuples(NAMES | NAMES.map(Text), VALUES), max_size=8).map(tuple)
KINDS = [AuthorizationType.NONE, AuthorizationType.AWS_IAM]
IDS = st.uuids().map(str) | st.text(st.sampled_from("0123456789abcdefABCDEF-g\xfc€"), max_size=40)
MOMENTS = st.datetimes(
    min_value=datetime(1960, 1, 1), max_value=datetime(2120, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=2)), timezone(timedelta(0), "zero")]),
)  # fmt: skip


def test_the_twin_is_built_where_the_whole_suite_must_run() -> None:
    assert compiled.is_there(MODULE)


@given(LINES, LINES, st.sampled_from(KINDS), st.sampled_from(["http", "https"]), st.integers(0, 65535))
@example((("a" * 65, "never remembered"),), (), AuthorizationType.NONE, "http", 80)
@example((("Authorization", "a"), ("authorization", "AWS4-x")), (), AuthorizationType.NONE, "http", 80)
@example(
    (("User-Agent", ""), ("X-Forwarded-For", "a"), ("x-forwarded-for", "b")), (), AuthorizationType.NONE, "https", 1
)
def test_what_a_backend_gets_is_what_is_not_withheld_and_the_gateway_s_own(
    lines: Lines, others: Lines, kind: AuthorizationType, scheme: str, port: int
) -> None:
    authorized = plain_call(lines, kind, scheme)
    expected = build_headers(authorized, {}, port=port)
    build_request(plain_call(others, kind, scheme), port=port)  # by which names may be known, or not
    for _ in range(2):
        assert build_request(authorized, port=port).headers == expected


def test_plain_lines_are_forwarded_by_the_twin(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = (
        ("Host", "a"),
        ("Authorization", "Bearer x"),
        ("X-Forwarded-For", "1.1.1.1"),
        ("X-Amzn-Trace-Id", "Root=1"),
    )
    authorized = plain_call(lines, AuthorizationType.NONE, "http")
    expected = build_request(authorized, port=1)
    monkeypatch.setattr(http_request, "build_headers", None)
    assert build_request(authorized, port=1) == expected


def plain_call(lines: Lines, kind: AuthorizationType, scheme: str) -> Authorized:
    authorized = call(http(), kind=kind)
    request = structs.replace(authorized.routed.request, headers=Headers(lines), scheme=scheme)
    return structs.replace(authorized, routed=structs.replace(authorized.routed, request=request))


@given(LINES, st.sampled_from([HTTP_PROXY, FUNCTION]))
def test_what_is_relayed_to_a_client_is_what_each_name_becomes(lines: Lines, column: int) -> None:
    expected = [(kept, value) for name, value in lines if (kept := treat_response(name, column)) is not None]
    assert list(headers.relay_lines(lines, column)) == expected
    if column == HTTP_PROXY:
        for _ in range(2):
            assert relay(200, Headers(lines), b"", request_id=REQUEST_ID).headers.lines == (
                *expected,
                *request_id_lines(REQUEST_ID),
            )


def test_plain_lines_are_relayed_by_the_twin(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = Headers((("Server", "a"), ("Via", "b"), ("ETag", "c")))
    expected = relay(200, answer, b"", request_id=REQUEST_ID)
    monkeypatch.setattr(http_answer, "relay_lines", None)
    assert relay(200, answer, b"", request_id=REQUEST_ID) == expected


NO_LINES: list[Any] = [
    (("a",),),
    (("a", "b", "c"),),
    (["a", "b"],),
    ("ab",),
    (([], "b"),),
    (None,),
    ((Text("a"), "b"),),
]


@pytest.mark.parametrize("lines", [*NO_LINES, (("unknown", "b"),), (("a", "b"),) * 129])
def test_what_is_no_line_or_not_known_is_left_to_the_definition(lines: Any) -> None:
    assert twin(MODULE, "relay_lines")(lines, {"a": "a"}, REQUEST_ID) is None
    assert twin(MODULE, "forward_lines")(lines, {}, {"a": False}, "i", "r", "f", 1, "http", NOW, "") is None


def test_names_are_remembered_within_a_bound() -> None:
    withheld = Withheld(frozenset({"host"}))
    for number in range(2 * headers.KNOWN_NAMES):
        assert withheld.passed(((f"X-{number}", ""), ("Host", ""))) == ((f"X-{number}", ""),)
        assert len(withheld.known) <= headers.KNOWN_NAMES
        headers.relay_lines(((f"X-{number}", ""),), FUNCTION)
        assert len(headers.KNOWN_RESPONSE[FUNCTION]) <= headers.KNOWN_NAMES


@given(MOMENTS, IDS)
@example(datetime(2000, 2, 29, 23, 59, 59, 999999, tzinfo=UTC), str(UUID(int=1)))
@example(datetime(2105, 12, 31, tzinfo=UTC), str(UUID(int=1)))
@example(datetime(2106, 2, 7, 6, 28, 15, tzinfo=UTC), str(UUID(int=1)))
@example(datetime(2106, 2, 7, 6, 28, 16, tzinfo=UTC), str(UUID(int=1)))
def test_a_root_is_the_one_that_is_defined(moment: datetime, request_id: str) -> None:
    assert twin(MODULE, "trace_root")(moment, request_id) in {None, make_root(moment, request_id)}


@given(st.datetimes(datetime(1970, 1, 1), datetime(2105, 12, 31)), st.uuids())  # noqa: DTZ001
def test_roots_of_calls_are_made_by_the_twin(moment: datetime, request_id: UUID) -> None:
    moment = moment.replace(tzinfo=UTC)
    assert twin(MODULE, "trace_root")(moment, str(request_id)) == make_root(moment, str(request_id))


@given(IDS)
def test_an_extended_id_is_the_one_that_is_defined(request_id: str) -> None:
    drawn = twin(MODULE, "extended_request_id")(request_id)
    assert drawn is None or drawn == extended_request_id(request_id)


@given(st.uuids())
def test_extended_ids_of_calls_are_drawn_by_the_twin(request_id: UUID) -> None:
    drawn = twin(MODULE, "extended_request_id")(str(request_id))
    assert drawn == extended_request_id(str(request_id)) == request_id_lines(str(request_id))[1][1]
