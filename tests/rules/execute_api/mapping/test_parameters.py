import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rules.execute_api.support import call, http, make_plan, make_request

from yett.rules.execute_api.mapping.parameters import evaluate, gateway_variable, header_text, literal
from yett.values.header_lines import render_header_lines
from yett.values.identity import ANONYMOUS

ROUTED = call(
    http(),
    template="/pets/{id}",
    path="/pets/a%20b",
    headers=(("X-Tag", "1"), ("x-tag", "2")),
    query="q=1&q=2%203&Q=4&empty=",
    variables={"tenant": "t1"},
).routed


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("'a literal'", "a literal"),
        ("''", ""),
        ("'", None),
        ("method.request.header.x-TAG", "2"),
        ("method.request.header.absent", None),
        ("method.request.multivalueheader.X-Tag", "1,2"),
        ("method.request.multivalueheader.absent", None),
        ("method.request.querystring.q", "2 3"),
        ("method.request.querystring.Q", "4"),
        ("method.request.querystring.empty", ""),
        ("method.request.querystring.absent", None),
        ("method.request.multivaluequerystring.q", "1,2 3"),
        ("method.request.path.id", "a%20b"),
        ("method.request.path.absent", None),
        ("stageVariables.tenant", "t1"),
        ("stageVariables.absent", None),
        ("context.stage", "prod"),
        ("context.absent", None),
        ("method.request.body", None),
        ("integration.response.header.X", None),
        ("", None),
    ],
)
def test_an_expression_has_the_value_that_the_call_gives_it(expression: str, expected: str | None) -> None:
    """Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html"""
    assert evaluate(expression, ROUTED, ANONYMOUS) == expected


@pytest.mark.parametrize(("text", "expected"), [("'x'", "x"), ("'it''s'", "it''s"), ("x", None), ("'x", None)])
def test_a_literal_stands_in_quotes(text: str, expected: str | None) -> None:
    assert literal(text) == expected


@given(st.text())
def test_every_text_can_be_made_to_stand_in_a_header_line(text: str) -> None:
    shown = header_text(text)
    assert header_text(shown) == shown
    assert render_header_lines([("X", shown)]).count(b"\r\n") == 1


def test_what_is_beyond_latin_1_goes_as_its_utf_8() -> None:
    assert header_text("é") == "é"
    assert header_text("5 €").encode("latin-1").decode() == "5 €"


def test_a_call_that_found_no_method_still_has_variables() -> None:
    plan = make_plan(variables={"tenant": "t1"})
    request = make_request("GET", "/none", ("User-Agent", "curl/8"))

    def value(expression: str) -> str | None:
        return gateway_variable(expression, request=request, plan=plan, routed=None, identity=ANONYMOUS)

    assert value("stageVariables.tenant") == "t1"
    assert value("context.requestId") == request.request_id
    assert value("context.identity.userAgent") == "curl/8"
    assert value("context.stage") == "prod"
    assert value("context.path") == "/prod/none"
    assert value("context.resourcePath") is None
    assert value("method.request.header.User-Agent") is None
    routed = ROUTED
    assert (
        gateway_variable("context.path", request=request, plan=plan, routed=routed, identity=ANONYMOUS)
        == "/prod/pets/a%20b"
    )
