import pytest

from yett.policy import RequestContext
from yett.policy.variables import Plain, Variable, as_text, is_fixed, read_template, resolve


@pytest.mark.parametrize(
    ("text", "template"),
    [
        ("plain", ("plain",)),
        ("a${aws:UserName}b", ("a", Variable("aws:username", None), "b")),
        ("${k, 'x y'}", (Variable("k", "x y"),)),
        ("${k,''}", (Variable("k", ""),)),
        ("${*}${?}${$}", (Plain("*"), Plain("?"), Plain("$"))),
        ("${aws:PrincipalTag/team}", (Variable("aws:principaltag/team", None),)),
        ("${}", ("${}",)),
        ("${open", ("${open",)),
    ],
)
def test_a_text_is_read_into_its_parts(text: str, template: tuple[object, ...]) -> None:
    assert read_template(text, version="2012-10-17") == template
    assert read_template(text, version="2008-10-17") == (text,)


def test_what_is_resolved_has_the_values_of_the_request() -> None:
    template = read_template("${a}-${b, 'c'}-${*}", version="2012-10-17")
    parts = resolve(template, RequestContext.of({"a": "1"}))
    assert parts is not None
    assert as_text(parts) == "1-c-*"
    assert not is_fixed(template)
    assert resolve(template, RequestContext.of({"a": ["1", "2"]})) is None


def test_a_long_text_of_openings_is_read_at_once() -> None:
    assert read_template("${a" * 20_000, version="2012-10-17") == ("${a" * 20_000,)
