import pytest
from tests.rules.execute_api.support import make_request

from yett.rules.execute_api.identity_source import (
    IdentitySource,
    NotAnIdentitySource,
    Place,
    parse_identity_sources,
    read,
)


def values(text: str, *headers: tuple[str, str], query: str = "") -> tuple[tuple[str, ...], ...] | None:
    return read(
        parse_identity_sources(text),
        make_request("GET", "/", *headers, query=query),
        stage_variables={"tenant": "t1", "empty": ""},
        context={"path": "/prod/"}.get,
    )


@pytest.mark.parametrize(
    ("text", "place", "name"),
    [
        ("method.request.header.X-Token", Place.HEADER, "x-token"),
        ("method.request.querystring.Token", Place.QUERY_STRING, "Token"),
        ("stageVariables.tenant", Place.STAGE_VARIABLE, "tenant"),
        ("context.identity.sourceIp", Place.CONTEXT, "identity.sourceIp"),
        (" context.path ", Place.CONTEXT, "path"),
    ],
)
def test_a_source_names_a_place_and_a_name(text: str, place: Place, name: str) -> None:
    assert parse_identity_sources(text) == (IdentitySource(place, name),)


@pytest.mark.parametrize(
    "text", ["method.request.path.id", "method.request.header.", "header.X", "method.request.body", "$request.header.X"]
)
def test_what_is_no_source_is_refused(text: str) -> None:
    """Path parameters are none (spec 04, 1.1)."""
    with pytest.raises(NotAnIdentitySource):
        parse_identity_sources(text)


def test_no_text_is_no_source() -> None:
    assert parse_identity_sources(None) == parse_identity_sources("") == parse_identity_sources(" , ") == ()


def test_values_are_read_in_order_from_every_place() -> None:
    text = "method.request.querystring.q,method.request.header.A,stageVariables.tenant,context.path"
    assert values(text, ("a", "1"), query="q=2%203") == (("2 3",), ("1",), ("t1",), ("/prod/",))


def test_every_value_of_a_source_that_is_given_more_than_once_counts() -> None:
    text = "method.request.header.A,method.request.querystring.q"
    assert values(text, ("A", "1"), ("a", "2"), query="q=3&q=4;q=5") == (("1", "2"), ("3", "4", "5"))


@pytest.mark.parametrize(
    ("text", "headers", "query"),
    [
        ("method.request.header.A", (), ""),
        ("method.request.header.A", (("A", ""),), ""),
        ("method.request.header.A", (("A", ""), ("A", "1")), ""),
        ("method.request.querystring.q", (), "Q=1"),
        ("method.request.querystring.q", (), "q="),
        ("stageVariables.empty", (), ""),
        ("stageVariables.absent", (), ""),
        ("context.absent", (), ""),
        ("method.request.header.A,method.request.header.B", (("A", "1"),), ""),
    ],
)
def test_one_that_is_absent_or_empty_leaves_no_evidence(
    text: str, headers: tuple[tuple[str, str], ...], query: str
) -> None:
    assert values(text, *headers, query=query) is None
