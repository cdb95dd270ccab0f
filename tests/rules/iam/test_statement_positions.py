import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from yett.rules.iam.statement_positions import Position, Span, statement_spans

# https://docs.aws.amazon.com/cli/latest/reference/iam/simulate-custom-policy.html
PRINTED = (
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*","Condition":'
    '{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}}'
)


def test_the_columns_are_those_that_aws_prints() -> None:
    assert statement_spans(PRINTED) == (Span(Position(1, 38), Position(1, 167)),)


def test_lines_are_counted() -> None:
    text = '{\n  "Statement": [\n    {"Sid": "a"},\n    {\n      "Sid": "]}"\n    }\n  ],\n  "Version": "x"\n}\n'
    assert statement_spans(text) == (
        Span(Position(3, 6), Position(3, 17)),
        Span(Position(4, 6), Position(6, 6)),
    )


TEXT = st.text(max_size=6)
STATEMENT = st.dictionaries(
    TEXT, TEXT | st.lists(TEXT, max_size=2) | st.dictionaries(TEXT, TEXT, max_size=2), max_size=3
)


def character(text: str, position: Position) -> int:
    """The index of a position's character."""
    lines = text.split("\n")
    return sum(len(line) + 1 for line in lines[: position.line - 1]) + position.column - 2


@given(
    st.one_of(STATEMENT, st.lists(STATEMENT, max_size=3)),
    st.sampled_from([None, 0, 1, 3]),
    st.dictionaries(TEXT, TEXT, max_size=2),
)
def test_each_span_holds_its_statement(statements: Any, indent: int | None, more: dict[str, str]) -> None:
    text = json.dumps({**more, "Statement": statements, "Version": "2012-10-17"}, indent=indent, ensure_ascii=False)
    spans = statement_spans(text)
    cut = [json.loads(text[character(text, span.start) : character(text, span.end) + 1]) for span in spans]
    assert cut == (statements if isinstance(statements, list) else [statements])
