import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.rules.execute_api.authorizer_code import Answers, CodeHint, read_javascript, read_python

EVERYTHING, ONE = Answers.EVERYTHING, Answers.ONE_METHOD


@pytest.mark.parametrize(
    ("line", "answers"),
    [
        ('{"Effect": "Allow", "Resource": event["methodArn"]}', ONE),
        ('{"Effect": effect, "Resource": [event.get("methodArn")]}', ONE),
        ('{"Effect": "Allow", "Resource": "*"}', EVERYTHING),
        ('{"Effect": "Allow", "Resource": ["arn:aws:execute-api:us-east-1:123456789012:abc/*"]}', EVERYTHING),
        ('{"Effect": "Allow", "Resource": f"{api}/*"}', EVERYTHING),
        ('{"Effect": "Allow", "Resource": f"{api}/*/*"}', EVERYTHING),
        ('{"Effect": "Allow", "Resource": api + "/*/*/*"}', EVERYTHING),
        ('{"Effect": "Deny", "Resource": "*"}', None),
        ('{"Effect": "Allow", "Resource": f"{api}/*/GET/pets/*"}', None),
        ('{"Effect": "Allow", "Resource": f"{prefix}*"}', None),
        ('{"Effect": "Allow", "Resource": [event["methodArn"], other]}', None),
        ('{"Effect": "Allow", "Resource": names[0]}', None),
        ("{**more, 1: 2}", None),
        ('statement["Resource"] = event["methodArn"]', ONE),
        ("statement.resource = event", None),
        ('generate_policy("user", "Allow", event["methodArn"])', ONE),
        ('generate_policy("user", "Allow", "*")', EVERYTHING),
        ('generate_policy("user", "Deny", "*")', None),
        ("policy.allowAllMethods()", EVERYTHING),
        ('allow(event["methodArn"])', None),
    ],
)
def test_what_python_would_answer_is_read_from_its_statements(line: str, answers: Answers | None) -> None:
    source = f"import os\n\ndef handler(event, context):\n    x = 1\n    {line}\n"
    assert read_python(source) == (() if answers is None else (CodeHint(answers, 5),))


def test_a_name_that_stands_for_the_method_is_followed() -> None:
    source = 'arn = event["methodArn"]\n{"Effect": "Allow", "Resource": arn}\n'
    assert read_python(source) == (CodeHint(ONE, 2),)


@pytest.mark.parametrize(
    ("line", "answers"),
    [
        ("{Effect: 'Allow', Resource: event.methodArn}", ONE),
        ('{"Effect": "Allow", "Resource": "*"}', EVERYTHING),
        ("{Effect: 'Allow', Resource: `${api}/*/*`}", EVERYTHING),
        ("{Effect: 'Allow', Resource: [`${api}/*/GET/pets`]}", None),
        ("{Effect: 'Deny', Resource: '*'}", None),
        ("{Effect: 'Allow', Resource: resource}", None),
        ("generatePolicy('user', 'Allow', event.methodArn)", ONE),
        ("generatePolicy('user', 'Allow', '*')", EVERYTHING),
        ("statement.Resource = methodArn;", ONE),
        ("policy.allowAllMethods();", EVERYTHING),
        ("// policy.allowAllMethods();", None),
    ],
)
def test_what_javascript_would_answer_is_read_from_its_text(line: str, answers: Answers | None) -> None:
    source = f"export const handler = async (event) => {{\n  {line}\n}};\n"
    assert read_javascript(source) == (() if answers is None else (CodeHint(answers, 2),))


@given(st.text())
def test_what_is_no_code_gives_no_hint(text: str) -> None:
    assert read_python(f"{text} (((") == ()
    assert all(each.line >= 1 for each in read_javascript(text))
